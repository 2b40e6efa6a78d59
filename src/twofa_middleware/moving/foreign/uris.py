"""The otpauth URI, as a QR code shows it (Key URI Format of Google Authenticator)."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

from .records import Unusable, check_kind, from_base32


def read_uri(text: str) -> tuple[bytes, str]:
    """The secret, and the account's name; Unusable for what is no TOTP of the usual kind."""
    try:
        parts = urlsplit(text.strip())
        fields = parse_qs(parts.query, max_num_fields=20, errors="strict")
        label = unquote(parts.path.removeprefix("/"), errors="strict")
    except ValueError:
        raise Unusable("the otpauth URI cannot be read") from None
    if parts.scheme.lower() != "otpauth":
        raise Unusable("it is no otpauth URI")
    if parts.netloc.lower() != "totp":
        raise Unusable("it is no time-based code")
    if any(len(values) != 1 for values in fields.values()) or "secret" not in fields:
        raise Unusable("the otpauth URI has not just one secret")
    (secret,) = fields["secret"]
    check_kind(
        algorithm=fields.get("algorithm", ["SHA1"])[0],
        digits=fields.get("digits", ["6"])[0],
        step=fields.get("period", ["30"])[0],
    )
    return from_base32(secret), label.rpartition(":")[2].strip()
