"""TLS to a Redis: who is believed to be it, and by which certificate this side shows who it is.

The server's certificate has to be signed by an authority that is believed and has to name the host that the settings
name, or that the Sentinels or the cluster name for a server. There is no switch that turns this off.
"""

from __future__ import annotations

import os
import ssl
import stat
from pathlib import Path

from ..errors import ConfigError
from ..protocol import StoreOptions


def context_of(options: StoreOptions) -> ssl.SSLContext:
    """TLS 1.2 or newer, with the host's name verified; ConfigError names the file that cannot be used."""
    context = ssl.create_default_context(cafile=_readable(options.ca, "ca"))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if options.certificate is None:
        if options.certificate_key is not None:
            raise ConfigError("[store] certificate_key: there is no `certificate` that it belongs to")
        return context
    certificate, key = (
        _readable(options.certificate, "certificate"),
        _readable(options.certificate_key, "certificate_key"),
    )
    _refuse_open_file(options.certificate_key or options.certificate)
    try:
        context.load_cert_chain(certificate or "", key, password=_no_password)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"[store] certificate: {options.certificate} and its key cannot be used ({_reason(error)}); give a PEM "
            "certificate, and its key without a passphrase in `certificate_key`"
        ) from None
    return context


def refuse_papers(options: StoreOptions, scheme: str) -> None:
    """Certificates that nobody would look at stop the start: whoever named them expects TLS."""
    for name in ("ca", "certificate", "certificate_key"):
        if getattr(options, name) is not None:
            raise ConfigError(f"[store] {name}: {scheme}:// speaks no TLS; name the store by {_with_tls(scheme)}")


def _with_tls(scheme: str) -> str:
    return "rediss://…" if scheme == "unix" else f"{scheme.replace('redis', 'rediss')}://…"


def _readable(file: Path | None, name: str) -> str | None:
    if file is None:
        return None
    try:
        text = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"[store] {name}: {file} cannot be read ({error.strerror})") from None
    if name == "ca":
        try:
            ssl.create_default_context(cadata=text.decode("ascii", "replace"))
        except (ssl.SSLError, ValueError) as error:
            raise ConfigError(f"[store] ca: {file} holds no PEM certificate ({_reason(error)})") from None
    return str(file)


def _refuse_open_file(file: Path) -> None:
    mode = file.stat().st_mode
    if os.name == "posix" and mode & 0o077:
        raise ConfigError(
            f"[store] certificate_key: {file} is open to others (mode {stat.S_IMODE(mode):03o}); run `chmod 600 {file}`"
        )


def _no_password() -> str:
    raise ValueError("the key has a passphrase")


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
