import asyncio
import io
import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from shared.bus.connection import connect
from tests.support import processes
from tests.support.broker import Broker


def certificate(folder: Path, address: str) -> None:
    """A certificate that signs itself, for an address, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nats")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .sign(key, SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def encrypted(folder: Path, address: str = "127.0.0.1", handshake_first: str = "true") -> Broker:
    certificate(folder, address)
    broker = Broker(folder, processes.free_port())
    broker.config.write_text(
        f"""
        listen: 127.0.0.1:{broker.port}
        tls {{
          cert_file: "{folder}/cert.pem"
          key_file: "{folder}/key.pem"
          handshake_first: {handshake_first}
        }}
        """
    )
    broker.start()
    return broker


async def connects(broker: Broker, ca_file: Path, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            url = broker.url.replace("nats:", "tls:")
            client = await connect(url=url, service="gateway", closed=lambda: None, ca_file=ca_file)
    except TimeoutError:
        return False
    assert client._transport is not None
    assert client._transport._io_writer.get_extra_info("ssl_object") is not None
    await client.close()
    return True


async def test_an_encrypted_connection_is_made_with_a_server_that_is_known(tmp_path: Path) -> None:
    broker = encrypted(tmp_path)
    try:
        assert await connects(broker, tmp_path / "cert.pem", seconds=10)
    finally:
        broker.stop()


@pytest.mark.parametrize("case", ["another authority", "another address", "in the clear first"])
async def test_no_connection_is_made_with_a_server_that_is_not(tmp_path: Path, lines: io.StringIO, case: str) -> None:
    broker = encrypted(
        tmp_path,
        address="127.0.0.2" if case == "another address" else "127.0.0.1",
        handshake_first="false" if case == "in the clear first" else "true",
    )
    ca_file = tmp_path / "cert.pem"
    if case == "another authority":
        (tmp_path / "other").mkdir()
        certificate(tmp_path / "other", "127.0.0.1")
        ca_file = tmp_path / "other" / "cert.pem"
    connecting = asyncio.create_task(connects(broker, ca_file, seconds=10))
    try:
        while "nats.went-wrong" not in lines.getvalue():
            assert not connecting.done()
            await asyncio.sleep(0.05)
        assert not connecting.done()
    finally:
        connecting.cancel()
        broker.stop()
