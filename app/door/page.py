"""The page that asks for a password: plain HTML without a script."""

from html import escape

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without any, a form is posted with the Origin null
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Log in · HS-STaR Studio</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
main {{ max-width: 22rem; margin: 15vh auto; padding: 0 1rem; }}
label {{ display: block; }}
input, button {{ font: inherit; box-sizing: border-box; width: 100%; padding: .5rem;
 margin: .5rem 0; }}
</style></head>
<body><main><h1>HS-STaR Studio</h1>{body}</main></body></html>"""
_FORM = """<form method="post" action="/login"><input type="hidden" name="next" value="{next}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
 autofocus><button type="submit">Log in</button></form>"""


def login_page(
    *, next_path: str, said: str | None, has_password: bool, provider: str | None
) -> str:
    """HTML with a field for the password, a link to the identity provider, or both.

    Args:
        next_path: where to go then.
        said: why it asks again.
        provider: where the provider's login begins; None without one.
    """
    parts = [f'<p role="alert">{escape(said)}</p>'] if said else []
    if has_password:
        parts.append(_FORM.format(next=escape(next_path, quote=True)))
    if provider:
        address = escape(provider, quote=True)
        parts.append(f'<p><a href="{address}">Log in with your organisation</a></p>')
    return _PAGE.format(body="".join(parts))


def sentence_page(sentence: str) -> str:
    return _PAGE.format(body=f'<p role="alert">{escape(sentence)}</p>')
