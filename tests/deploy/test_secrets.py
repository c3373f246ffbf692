import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from deploy.home import Home
from deploy.secrets import make_once, make_secrets, public_key
from deploy.wires import DEPLOY, KEEPERS, OPS, SERVICES
from shared.identity.keys import read_private, read_public_table
from shared.sealing import keyring_file

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)


def files_of(home: Home) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}


def test_secrets_are_made_once_and_left_as_they_are(tmp_path: Path) -> None:
    home = Home(tmp_path)
    make_secrets(home, [FIRST], NOW)
    before = files_of(home)
    make_secrets(home, [FIRST], NOW)
    assert files_of(home) == before


def test_only_their_owner_reads_them(tmp_path: Path) -> None:
    home = Home(tmp_path)
    make_secrets(home, [FIRST], NOW)
    open_to_others = [path for path in files_of(home) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_to_others == []


def test_every_service_has_its_own_and_knows_the_others_public_keys(tmp_path: Path) -> None:
    home = Home(tmp_path)
    make_secrets(home, [], NOW)
    assert len({public_key(home.nats_seed(user)) for user in (*SERVICES, DEPLOY, OPS)}) == len(SERVICES) + 2
    assert len({keyring_file.read(home.service(service).keyring).current for service in KEEPERS}) == len(KEEPERS)
    for service in SERVICES:
        table = read_public_table(home.service(service).keys)
        assert set(table) == set(SERVICES)
        own = read_private(home.service(service).key)
        assert table[service].as_dict(private=False) == own.as_dict(private=False)


def test_a_new_pharmacy_gets_a_secret_and_the_others_keep_theirs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    make_secrets(home, [FIRST], NOW)
    before = json.loads(home.service("pharmacy").partner_secrets.read_text())
    make_secrets(home, [SECOND], NOW)
    after = json.loads(home.service("pharmacy").partner_secrets.read_text())
    assert after[str(FIRST)] == before[str(FIRST)]
    assert after[str(SECOND)].startswith("whsec_")
    assert json.loads(home.service("simulator").partner_secrets.read_text()) == after


def test_a_broken_off_attempt_leaves_no_half_secret(tmp_path: Path) -> None:
    def fails() -> bytes:
        raise RuntimeError

    for make in (fails, lambda: b"whole"):
        try:
            make_once(tmp_path / "secret", make)
        except RuntimeError:
            assert not (tmp_path / "secret").exists()
    assert (tmp_path / "secret").read_bytes() == b"whole"
