"""What a file is by its first bytes, and what its name claims.

- The name never decides: only the bytes do. A name that claims something else is a finding.
- One family of containers (ISO base media: mp4, mov, 3gp, m4a) goes by many extensions without being wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD_BYTES = 4096


@dataclass(frozen=True)
class Kind:
    """A kind of file: short name of the container, what it holds, its MIME type, its family."""

    container: str
    kind: str  # video | audio | photo | other
    mime: str
    family: str


def _kind(container: str, kind: str, mime: str, family: str | None = None) -> Kind:
    return Kind(container, kind, mime, family or container)


_PREFIXES: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", _kind("jpeg", "photo", "image/jpeg")),
    (b"\x89PNG\r\n\x1a\n", _kind("png", "photo", "image/png")),
    (b"GIF87a", _kind("gif", "photo", "image/gif")),
    (b"GIF89a", _kind("gif", "photo", "image/gif")),
    (b"II*\0", _kind("tiff", "photo", "image/tiff")),
    (b"MM\0*", _kind("tiff", "photo", "image/tiff")),
    (b"\x1a\x45\xdf\xa3", _kind("matroska", "video", "video/x-matroska")),
    (b"OggS", _kind("ogg", "audio", "audio/ogg")),
    (b"fLaC", _kind("flac", "audio", "audio/flac")),
    (b"#!AMR-WB\n", _kind("amr", "audio", "audio/amr-wb")),
    (b"#!AMR\n", _kind("amr", "audio", "audio/amr")),
    (b"ID3", _kind("mp3", "audio", "audio/mpeg")),
    (b"\0\0\1\xba", _kind("mpeg", "video", "video/mpeg")),
    (b"IMKH", _kind("mpeg", "video", "video/mpeg")),
    (b"DHAV", _kind("dhav", "video", "video/x-dhav")),
    (b"FLV\1", _kind("flv", "video", "video/x-flv")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _kind("asf", "video", "video/x-ms-asf")),
    (b"PK\3\4", _kind("zip", "other", "application/zip")),
    (b"PK\5\6", _kind("zip", "other", "application/zip")),
    (b"%PDF-", _kind("pdf", "other", "application/pdf")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _kind("ole", "other", "application/x-ole-storage")),
    (b"Rar!\x1a\x07", _kind("rar", "other", "application/vnd.rar")),
    (b"7z\xbc\xaf\x27\x1c", _kind("7z", "other", "application/x-7z-compressed")),
    (b"\x1f\x8b", _kind("gzip", "other", "application/gzip")),
    (b"MZ", _kind("exe", "other", "application/x-msdownload")),
    (b"\x7fELF", _kind("elf", "other", "application/x-elf")),
    (b"SQLite format 3\0", _kind("sqlite", "other", "application/vnd.sqlite3")),
)
_RIFF = {
    b"WAVE": _kind("wav", "audio", "audio/wav"),
    b"AVI ": _kind("avi", "video", "video/x-msvideo"),
    b"WEBP": _kind("webp", "photo", "image/webp"),
}
_STILL_BRANDS = {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis"}
_TOP_BOXES = {
    b"ftyp",
    b"moov",
    b"mdat",
    b"free",
    b"skip",
    b"wide",
    b"pnot",
    b"styp",
    b"moof",
    b"sidx",
    b"uuid",
}

_EXTENSIONS: dict[str, set[str]] = {
    "bmff": {"mp4", "m4v", "mov", "qt", "3gp", "3g2", "3gpp", "m4a", "m4b", "mp4a", "f4v"},
    "heif": {"heic", "heif", "avif", "hif"},
    "jpeg": {"jpg", "jpeg", "jpe", "jfif", "thm"},
    "png": {"png"},
    "gif": {"gif"},
    "tiff": {"tif", "tiff", "dng", "nef", "cr2", "arw"},
    "webp": {"webp"},
    "bmp": {"bmp"},
    "matroska": {"mkv", "webm", "mka"},
    "ogg": {"ogg", "oga", "ogv", "opus"},
    "flac": {"flac"},
    "amr": {"amr", "awb"},
    "mp3": {"mp3"},
    "aac": {"aac"},
    "mpeg": {"mpg", "mpeg", "ps", "vob"},
    "mpegts": {"ts", "mts", "m2ts"},
    "flv": {"flv"},
    "asf": {"wmv", "wma", "asf"},
    "wav": {"wav", "wave"},
    "avi": {"avi"},
    "dhav": {"dav"},
    "zip": {"zip", "docx", "xlsx", "pptx", "odt", "ofd", "apk", "jar"},
    "tar": {"tar"},
    "pdf": {"pdf"},
}
_FAMILY_OF = {extension: family for family, names in _EXTENSIONS.items() for extension in names}
MEDIA_EXTENSIONS = frozenset(ext for ext, family in _FAMILY_OF.items() if family not in {"zip", "tar", "pdf"})


def _bmff(head: bytes) -> Kind | None:
    if len(head) < 8 or head[4:8] not in _TOP_BOXES:
        return None
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    if brand in _STILL_BRANDS:
        name = "avif" if brand.startswith(b"avi") else "heic"
        return _kind(name, "photo", f"image/{name}", "heif")
    if brand.startswith((b"3gp", b"3g2")):
        return _kind("3gp", "video", "video/3gpp", "bmff")
    if brand in (b"M4A ", b"M4B "):
        return _kind("m4a", "audio", "audio/mp4", "bmff")
    if brand == b"qt  " or head[4:8] in (b"wide", b"pnot") or (head[4:8] == b"moov" and not brand):
        return _kind("mov", "video", "video/quicktime", "bmff")
    return _kind("mp4", "video", "video/mp4", "bmff")


def sniff(head: bytes) -> Kind | None:
    """The kind of file the first bytes show; None when they show nothing known."""
    if head[:4] in (b"RIFF", b"RF64", b"RIFX"):
        return _RIFF.get(head[8:12])
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:64]:
        return _kind("webm", "video", "video/webm", "matroska")
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    if head[257:262] == b"ustar":
        return _kind("tar", "other", "application/x-tar")
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return _kind("bmp", "photo", "image/bmp")
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return _kind("mpegts", "video", "video/mp2t")
    return _bmff(head)


_SHORT_NAMES = {"mov,mp4,m4a,3gp,3g2,mj2": "mp4", "matroska,webm": "matroska"}


def short_name(format_name: str) -> str:
    """One word for FFmpeg's name of a container."""
    return _SHORT_NAMES.get(format_name, format_name)


def extension_of(name: str) -> str:
    """The extension in lower case, without the dot; empty without one."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def disagrees(name: str, family: str) -> bool:
    """Does the name claim a known family other than the one found? An unknown extension claims nothing."""
    claimed = _FAMILY_OF.get(extension_of(name))
    return claimed is not None and claimed != family
