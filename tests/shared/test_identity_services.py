from datetime import timedelta
from uuid import uuid4

import pytest
from joserfc import jwt

from shared.errors import Unauthenticated
from shared.identity.keys import new_service_key, service_kid
from shared.identity.people import ServiceCaller
from shared.identity.service_tokens import ServiceTokens
from shared.identity.tokens import SERVICE_TYPE
from tests.shared.line import MARIA
from tests.shared.tokens import NOW, World


async def test_a_service_is_known_by_its_own_key(world: World) -> None:
    cause = uuid4()
    visits = ServiceTokens("visits", world.services["visits"], clock=world.clock)
    caller = await world.verifier.caller(visits.token("booking", cause))
    assert isinstance(caller, ServiceCaller)
    assert (caller.name, caller.cause) == ("visits", cause)
    assert not await world.refuses(world.service_token())


async def test_a_services_token_for_another_service_is_refused(world: World) -> None:
    visits = ServiceTokens("visits", world.services["visits"], clock=world.clock)
    assert await world.refuses(visits.token("messaging", None))
    assert await world.refuses(world.service_token(aud="baton"))
    assert await world.refuses(world.service_token(aud=["booking"]))


async def test_a_service_cannot_speak_for_another_or_for_a_person(world: World) -> None:
    assert await world.refuses(world.service_token(sub="service:messaging", iss="service:messaging"))
    assert await world.refuses(world.service_token(sub=str(MARIA)))
    stolen = ServiceTokens("visits", world.services["booking"], clock=world.clock)
    assert await world.refuses(stolen.token("booking", None))
    header = {"alg": "Ed25519", "kid": service_kid("visits"), "typ": "at+jwt"}
    as_person = jwt.encode(header, world.claims(), world.services["visits"], algorithms=["Ed25519"])
    assert await world.refuses(as_person)


async def test_an_issuer_cannot_speak_for_a_service(world: World) -> None:
    visits, now = service_kid("visits"), int(NOW.timestamp())
    said = {"iss": visits, "sub": visits, "aud": "booking", "iat": now, "exp": now + 300}
    assert await world.refuses(world.signed(said, kid=visits, typ=SERVICE_TYPE))
    assert await world.refuses(world.signed(said, typ=SERVICE_TYPE))


async def test_a_services_token_holds_for_five_minutes_at_most(world: World) -> None:
    now = int(NOW.timestamp())
    assert await world.refuses(world.service_token(exp=now + 301))
    assert await world.refuses(world.service_token(iat=now + 60, exp=now + 300))
    assert await world.refuses(world.service_token(iat=now - 400, exp=now - 100))


async def test_a_service_of_no_table_is_refused(world: World) -> None:
    stranger = ServiceTokens("stranger", new_service_key("stranger"), clock=world.clock)
    assert await world.refuses(stranger.token("booking", None))


async def test_a_service_is_nobody_where_a_person_is_asked_for(world: World) -> None:
    with pytest.raises(Unauthenticated):
        await world.verifier.person(world.service_token())


async def test_a_services_token_is_used_again_until_a_minute_before_its_end(world: World) -> None:
    visits = ServiceTokens("visits", world.services["visits"], clock=world.clock)
    cause = uuid4()
    first = visits.token("booking", cause)
    world.clock.now = NOW + timedelta(seconds=239)
    assert visits.token("booking", cause) == first
    assert visits.token("booking", uuid4()) != first
    assert visits.token("directory", cause) != first
    world.clock.now = NOW + timedelta(seconds=241)
    assert visits.token("booking", cause) != first
    assert not await world.refuses(first)
