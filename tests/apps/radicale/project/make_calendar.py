"""A configuration with the people's passwords, and a calendar that they share."""

import json
from pathlib import Path

people = json.loads(Path("people.json").read_text())
Path("users").write_text("".join(f"{name}:{password}\n" for name, password in people.items()))
Path("rights").write_text(
    "[shared]\nuser: .+\ncollection: shared(/.*)?\npermissions: rRwW\n[root]\nuser: .+\ncollection:\npermissions: R\n"
)
Path("radicale.conf").write_text(
    "[auth]\ntype = htpasswd\nhtpasswd_filename = users\nhtpasswd_encryption = plain\ndelay = 0\n"
    "[rights]\ntype = from_file\nfile = rights\n"
    "[storage]\nfilesystem_folder = collections\n"
)
calendar = Path("collections/collection-root/shared/orders")
calendar.mkdir(parents=True)
(calendar / ".Radicale.props").write_text('{"tag": "VCALENDAR"}')
guests = "".join(f"ATTENDEE:mailto:{name}@example.org\r\n" for name in people)
(calendar / "feast.ics").write_bytes(
    (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//shop//EN\r\nBEGIN:VEVENT\r\nUID:feast\r\n"
        f"DTSTAMP:20260101T000000Z\r\nDTSTART:20260601T100000Z\r\nSUMMARY:Feast\r\n{guests}"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()
)
