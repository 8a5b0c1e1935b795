"""Why the operating system refused, in words an office reads."""

from __future__ import annotations

import errno

_WORDS = {
    errno.ENOENT: "文件或文件夹不存在",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "超出磁盘配额",
    errno.EROFS: "磁盘是只读的",
    errno.EISDIR: "那是文件夹，不是文件",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EEXIST: "已经存在",
    errno.ENAMETOOLONG: "名称太长",
    errno.EIO: "设备读写出错",
    errno.ENODEV: "设备不在",
    errno.ELOOP: "符号链接成环",
}


def why(error: OSError) -> str:
    """A short reason; the system's own words where we have none."""
    return _WORDS.get(error.errno or 0, error.strerror or type(error).__name__)
