"""The sign-in service over HTTP: discovery, keys, the form, tokens, and accounts for patients taken on later."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.issuer import accounts, mint, pages, request, store
from deploy.issuer.accounts import Account, Standing
from deploy.issuer.grants import GrantRefused, Grants
from deploy.issuer.passwords import LONGEST, Passwords, TooManyFailures
from shared import logs
from shared.clock import system_clock
from shared.errors import Refusal
from shared.identity.jwks import KnownKeys
from shared.identity.people import Role
from shared.identity.tokens import Verifier, bearer
from shared.practice import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from joserfc.jwk import Key

    from deploy.issuer.settings import Settings
    from shared.clock import Clock
    from shared.practice import Practice

REFUSED = logs.event("sign-in.refused", "reason")
SIGNED_IN = logs.event("sign-in.done", "app")

LARGEST = 16 * 1024
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A patient taken on by the front desk, who may sign in from now on."""

    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{1,63}$")]
    person: UUID
    roles: list[Literal["patient"]]
    password: Annotated[str, Meta(min_length=1, max_length=LONGEST)]


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Everything a request is answered from."""

    settings: Settings
    key: Key
    store: store.Store
    practice: Practice
    apps: Mapping[str, accounts.App]
    accounts: Mapping[str, Account]
    passwords: Passwords
    grants: Grants
    verifier: Verifier

    async def account(self, name: str) -> Account | None:
        """The account of this name, from the file or made later."""
        known = self.accounts.get(name)
        if known is not None:
            return known
        later = await self.store.run(lambda db: store.account(db, name))
        return Account(name=name, person=later[0], password=later[1]) if later else None

    async def discovery(self, _: web.Request) -> web.Response:
        """What this provider can do (OpenID Connect Discovery 1.0)."""
        issuer = self.settings.issuer
        document = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [mint.ALGORITHM],
            "scopes_supported": ["openid"],
            "authorization_response_iss_parameter_supported": True,
        }
        return web.json_response(document, headers={"Cache-Control": "max-age=300"})

    async def jwks(self, _: web.Request) -> web.Response:
        """The public key."""
        keys = [self.key.as_dict(private=False)]
        return web.json_response({"keys": keys}, headers={"Cache-Control": "max-age=300"})

    async def form(self, http: web.Request) -> web.Response:
        """The sign-in form, or why not."""
        asked = request.read(http.query)
        app = request.app_of(asked, self.apps)
        if app is None:
            return pages.refusal(pages.UNKNOWN_APP)
        if error := request.error(asked):
            return redirect(request.back(asked, self.settings.issuer, error=error))
        return pages.sign_in(app.name, request.origin(asked.redirect_uri))

    async def submit(self, http: web.Request) -> web.Response:
        """Send who gave the right password back to the app with a code."""
        asked = request.read(http.query)
        app = request.app_of(asked, self.apps)
        if app is None or request.error(asked):
            return await self.form(http)
        if http.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            return pages.refusal(pages.ELSEWHERE, status=403)
        form = await http.post()
        name, password = str(form.get("name", ""))[:100], str(form.get("password", ""))
        to = request.origin(asked.redirect_uri)
        account = await self.account(name)
        try:
            right = await self.passwords.right(name, password, account.password if account else None)
        except TooManyFailures:
            REFUSED.warning(reason="too many failures")
            return pages.sign_in(app.name, to, name=name, problem=pages.WAIT, status=429)
        if not right or account is None:
            REFUSED.info(reason="wrong name or password")
            return pages.sign_in(app.name, to, name=name, problem=pages.WRONG, status=403)
        SIGNED_IN.info(app=app.id)
        code = await self.grants.code(asked, name, account.person)
        return redirect(request.back(asked, self.settings.issuer, code=code))

    async def token(self, http: web.Request) -> web.Response:
        """Tokens for a code or a refresh token (RFC 6749, 5)."""
        form = {name: str(value) for name, value in (await http.post()).items()}
        grants = {"authorization_code": self.grants.redeem, "refresh_token": self.grants.refresh}
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            return refused("unsupported_grant_type")
        if form.get("client_id") not in self.apps:
            return refused("invalid_client", status=401)
        try:
            return web.json_response(await grant(form), headers=NO_STORE)
        except GrantRefused:
            return refused("invalid_grant")

    async def add_account(self, http: web.Request) -> web.Response:
        """Let the front desk give a patient taken on a way to sign in; sending it again changes nothing."""
        try:
            person = await self.verifier.person(bearer(http.headers.get("Authorization")))
            asked = msgspec.json.decode(await http.read(), type=NewAccount)
        except Refusal:
            return refused("invalid_token", status=401)
        except msgspec.DecodeError:
            return refused("invalid_request")
        if Role.FRONT_DESK not in person.roles or asked.person in self.practice.staff:
            return refused("access_denied", status=403)
        known = await self.account(asked.name)
        if known is None and await self._added(asked):
            return web.json_response({"name": asked.name}, status=201, headers=NO_STORE)
        if known is not None and known.person == asked.person:
            return web.json_response({"name": asked.name}, headers=NO_STORE)
        return refused("name_taken", status=409)

    async def _added(self, asked: NewAccount) -> bool:
        password = await self.passwords.hashed(asked.password)
        if any(account.person == asked.person for account in self.accounts.values()):
            return False
        try:
            await self.store.run(lambda db: store.add_account(db, asked.name, asked.person, password))
        except sqlite3.IntegrityError:
            return False
        return True

    async def health(self, _: web.Request) -> web.Response:
        """That it answers."""
        return web.json_response({"status": "ok"})

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """Every route, under the path of the issuer's address."""
        return [
            web.get(f"{prefix}/.well-known/openid-configuration", self.discovery),
            web.get(f"{prefix}/jwks", self.jwks),
            web.get(f"{prefix}/authorize", self.form),
            web.post(f"{prefix}/authorize", self.submit),
            web.post(f"{prefix}/token", self.token),
            web.post(f"{prefix}/accounts", self.add_account),
            web.get(f"{prefix}/health", self.health),
        ]


def build(settings: Settings, *, clock: Clock = system_clock) -> web.Application:
    """The service with its key, people and state."""
    key = mint.own_key(settings.folder)
    practice = load(settings.practice_dir)
    known = accounts.read(settings.accounts_file, practice)
    kept = store.Store(settings.folder / "state.db")
    issuer = Issuer(
        settings=settings,
        key=key,
        store=kept,
        practice=practice,
        apps={app.id: app for app in known.apps},
        accounts={account.name: account for account in known.accounts},
        passwords=Passwords(),
        grants=Grants(
            settings=settings,
            store=kept,
            key=key,
            clock=clock,
            standing=lambda person: accounts.standing(practice, person) or Standing(("patient",)),
        ),
        verifier=Verifier(
            service="issuer",
            issuer=settings.issuer,
            audience=settings.audience,
            issuer_keys=KnownKeys([key]),
            service_keys={},
            clock=clock,
        ),
    )

    async def close(_: web.Application) -> None:
        kept.close()

    app = web.Application(client_max_size=LARGEST)
    for prefix in {"", settings.prefix}:
        app.add_routes(issuer.routes(prefix))
    app.on_cleanup.append(close)
    return app


def redirect(location: str) -> web.Response:
    """Send the browser on, with a GET."""
    return web.Response(status=303, headers={"Location": location, "Referrer-Policy": "no-referrer", **NO_STORE})


def refused(error: str, *, status: int = 400) -> web.Response:
    """A refusal by the protocol's word for it."""
    body: dict[str, Any] = {"error": error}
    return web.json_response(body, status=status, headers=NO_STORE)
