"""The pages a person sees: the sign-in form, and why it cannot be shown."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from aiohttp import web

STYLE = """
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif; }
body { max-width: 24rem; margin: 10vh auto; padding: 0 1rem; }
label { display: block; margin-top: 1rem; }
input { font: inherit; width: 100%; padding: .5rem; box-sizing: border-box; }
button { font: inherit; margin-top: 1.5rem; padding: .6rem 1.4rem; }
[role=alert] { border-inline-start: .3rem solid; padding-inline-start: .7rem; }
:focus-visible { outline: 3px solid; outline-offset: 2px; }
"""
STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()

FORM = """
<form method="post">
<label for="name">Name</label>
<input id="name" name="name" value="{name}" autocomplete="username" autocapitalize="none" spellcheck="false"
 maxlength="100" required{name_focus}{described}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="200"
 required{password_focus}{described}>
<button type="submit">Sign in</button>
</form>
"""

WRONG = "The name or the password is not right. Check both and try again."
WAIT = "There were too many attempts. Wait five minutes and try again."
UNKNOWN_APP = "The app that sent you here is not known to this practice. Go back and open it again."
ELSEWHERE = "This form was sent from another page. Go back to the app and sign in from there."


def sign_in(app: str, form_to: str, *, name: str = "", problem: str = "", status: int = 200) -> web.Response:
    """The form; `form_to` is the one other origin it may lead to."""
    described = ' aria-describedby="problem" aria-invalid="true"' if problem else ""
    alert = f'<p id="problem" role="alert">{escape(problem)}</p>' if problem else ""
    focus = (" autofocus", "") if not name else ("", " autofocus")
    form = FORM.format(name=escape(name), described=described, name_focus=focus[0], password_focus=focus[1])
    title = f"{'Not signed in: ' if problem else ''}Sign in to {app}"
    return _page(title, f"<h1>Sign in</h1><p>to continue to {escape(app)}</p>{alert}{form}", status, form_to)


def refusal(problem: str, status: int = 400) -> web.Response:
    """Why there is no form, where nobody can be sent back."""
    return _page(
        "Sign-in is not possible", f'<h1>Sign-in is not possible</h1><p role="alert">{problem}</p>', status, ""
    )


def _page(title: str, body: str, status: int, form_to: str) -> web.Response:
    policy = (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self' {form_to}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    text = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)
