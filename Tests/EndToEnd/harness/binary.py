"""What kind of build a binary is."""

import struct

_SYMBOLS = 2


def is_stripped(path):
    """Whether an ELF file has no symbol table: what is shipped has none, a debug build has one."""
    data = path.read_bytes()
    if data[:5] != b"\x7fELF\x02":
        return False
    offset = struct.unpack_from("<Q", data, 40)[0]
    size, count = struct.unpack_from("<HH", data, 58)
    kinds = [struct.unpack_from("<I", data, offset + index * size + 4)[0] for index in range(count)]
    return _SYMBOLS not in kinds
