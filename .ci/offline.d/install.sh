#!/bin/sh
# Install netapp from this folder, with nothing from the Internet.
# 不联网安装 netapp。
#
#     sh install.sh [DIR]      DIR: /opt/netapp for root, ~/netapp for others   默认:root 为 /opt/netapp,其他用户为 ~/netapp
#     PYTHON=/path/to/python3 sh install.sh      with this Python   指定 Python
set -eu

say() { case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in zh*) printf '%s\n' "$2" ;; *) printf '%s\n' "$1" ;; esac; }
fail() { say "install.sh: $1" "install.sh: $2" >&2; exit 1; }

case ${1:-} in -*) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if [ "$(id -u)" = 0 ]; then dir=${1:-/opt/netapp}; else dir=${1:-$HOME/netapp}; fi

(cd "$here" && sha256sum -c --quiet SHA256SUMS) >&2 ||
    fail "the archive is damaged: copy it again, compare its SHA-256" "安装包已损坏:请重新拷贝,并核对 SHA-256"

# pip takes the newest of what lies there, whoever has put it there.
for each in "$here"/wheels/*; do
    cut -c 67- "$here/SHA256SUMS" | grep -qxF "wheels/${each##*/}" ||
        fail "wheels/${each##*/} is not of this archive: unpack it anew, into an empty folder" \
        "wheels/${each##*/} 不是安装包里的文件:请解压到空目录再安装"
done

# The first Python for which there are wheels; what others lack is told if there is none.
python='' lacks=''
for each in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
    command -v "$each" >/dev/null || continue
    kind=$("$each" -c 'import platform, sys; print("%d.%d" % sys.version_info[:2], platform.machine())' 2>/dev/null) || continue
    if ! grep -qx "$kind" "$here/variants.txt"; then
        lacks="$lacks $each=${kind% *}"
    elif ! "$each" -c 'import ctypes, sqlite3, ssl, venv' 2>/dev/null; then
        fail "$each has not all of Python's own library (sqlite3, ssl, venv): on Debian  apt install python3 python3-venv" \
            "$each 的标准库不全(缺 sqlite3、ssl 或 venv):Debian 上请运行 apt install python3 python3-venv"
    else
        python=$each
        break
    fi
done
[ -n "$python" ] ||
    fail "this needs Python @PYTHONS@ with venv, on @MACHINES@; here is $(uname -m) with:${lacks:- none}" \
        "需要 Python @PYTHONS@(带 venv),机器为 @MACHINES@;这台是 $(uname -m),找到的 Python:${lacks:- 没有}"
"$python" -c 'import os; v = os.confstr("CS_GNU_LIBC_VERSION").split()[1].split("."); raise SystemExit((int(v[0]), int(v[1])) < (2, 28))' 2>/dev/null ||
    fail "this needs the GNU C library 2.28 or newer (Debian 10, RHEL 8 and later)" "需要 2.28 或更新的 GNU C 库(Debian 10、RHEL 8 及以后)"

say "installing into $dir/.venv with $python ..." "正在用 $python 安装到 $dir/.venv ..."
mkdir -p "$dir" && dir=$(CDPATH='' cd -- "$dir" && pwd) || fail "choose another folder: install.sh DIR" "请换一个目录:install.sh DIR"
[ -w "$dir" ] || fail "$dir cannot be written: choose another folder, install.sh DIR" "$dir 不能写:请换一个目录,install.sh DIR"
again=no
[ ! -e "$dir/.venv/bin/netapp" ] || again=yes
if [ -e "$dir/.venv/bin/python" ] && [ "$("$dir/.venv/bin/python" -V 2>&1)" != "$("$python" -V 2>&1)" ]; then
    fail "$dir/.venv is of another Python: remove it, then install again" "$dir/.venv 是另一个版本的 Python:请先删除再安装"
fi
# Without ensurepip, which Debian keeps in a package of its own: pip runs from its wheel.
"$python" -m venv --without-pip "$dir/.venv"
set -- "$here"/wheels/pip-*.whl
pip=$1/pip
install() {
    PIP_CONFIG_FILE=/dev/null "$dir/.venv/bin/python" "$pip" --isolated install -q --no-index --find-links "$here/wheels" \
        --no-cache-dir --disable-pip-version-check --root-user-action ignore "$@"
}
install --upgrade pip 'netapp[ldap]==@VERSION@'
[ "$again" = no ] || install --force-reinstall --no-deps 'netapp==@VERSION@' # it may be another of this version
"$dir/.venv/bin/twistd" --help >/dev/null # writes the cache of plugins, which a service's user may not

say "netapp @VERSION@ is installed.  To start it:" "netapp @VERSION@ 已安装。启动:"
echo "    $dir/.venv/bin/twistd --pidfile= -n netapp"
say "At every start of this machine (as root):" "开机自动启动(用 root):"
echo "    $dir/.venv/bin/netapp service install"
say "To read:" "文档:"
echo "    $here/html/index.html"
