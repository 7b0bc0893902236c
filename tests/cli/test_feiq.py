"""``netapp feiq``: what goes out, and what is made of the receipt."""

import time
from pathlib import Path

import pytest

from tests.cli.tools import netapp, udp_server

pytestmark = pytest.mark.real


def receipt(octets: bytes) -> bytes:
    number = octets.split(b":")[1]
    return b"1_iptux 0.8.3:7:root:vm:289:" + number + b"\x00"  # a receipt with a stray option bit: IPMSG 4.5


def test_t28_a_message_in_gbk_is_delivered_when_its_receipt_comes(tmp_path: Path) -> None:
    with udp_server(receipt) as peer:
        done = netapp(
            "feiq", "您好,欢迎进入飞秋: 1:2", "--to", "127.0.0.1", "--port", peer.port, state=tmp_path
        )
    assert (done.returncode, done.stdout) == (0, "已送达 127.0.0.1\n")
    version, number, _user, _host, command, text = peer.got[0].split(b":", 5)
    assert (version, command) == (b"1", b"288")
    assert abs(int(number) - time.time()) < 10
    assert text == "您好,欢迎进入飞秋: 1:2".encode("gbk") + b"\x00"


def test_t28_the_number_rises_from_run_to_run(tmp_path: Path) -> None:
    with udp_server(receipt) as peer:
        for _ in range(3):
            netapp("feiq", "在吗", "--to", "127.0.0.1", "--port", peer.port, state=tmp_path)
    numbers = [int(octets.split(b":")[1]) for octets in peer.got]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 3


def test_t28_no_receipt_is_exit_status_1_after_copies_with_one_number(tmp_path: Path) -> None:
    began = time.monotonic()
    with udp_server(lambda _: b"1:9:a:b:33:12345") as peer:  # another message's receipt
        done = netapp("feiq", "在吗", "--to", "127.0.0.1", "--port", peer.port, state=tmp_path, lang="C")
    assert (done.returncode, done.stderr) == (1, "netapp feiq: no receipt from 127.0.0.1 within 3 s\n")
    assert 2.9 < time.monotonic() - began < 6
    assert len(peer.got) == 3
    assert len(set(peer.got)) == 1


def test_t28_a_network_is_written_to_at_a_pace_and_nothing_is_awaited(tmp_path: Path) -> None:
    with udp_server(lambda _: None) as peer:
        began = time.monotonic()
        done = netapp("feiq", "开会", "--to", "127.0.0.0/28", "--port", peer.port, state=tmp_path)
        took = time.monotonic() - began
    assert (done.returncode, done.stdout) == (0, "已向 14 个地址发送\n")
    assert 14 / 50 <= took < 2.9
    assert len(peer.got) == 1  # only the address where it listens


@pytest.mark.parametrize(
    ("to", "line"),
    [
        ("8.8.8.0/24", "不是局域网网段"),
        ("10.0.0.0/8", "超过 1024 个地址"),
        ("300.1.1.1/24", "不是地址或网段"),
    ],
)
def test_t28_what_is_not_written_to(to: str, line: str, tmp_path: Path) -> None:
    done = netapp("feiq", "x", "--to", to, state=tmp_path)
    assert done.returncode == 1
    assert line in done.stderr


def test_t28_a_message_that_some_would_cut_is_refused(tmp_path: Path) -> None:
    done = netapp("feiq", "好" * 5000, "--to", "127.0.0.1", "--port", "9", state=tmp_path)
    assert (done.returncode, done.stderr) == (1, "netapp feiq: 消息太长:最多 8000 字节\n")


def test_t28_the_number_never_goes_back(tmp_path: Path) -> None:
    from netapp.cli.feiq import next_number

    assert [next_number(tmp_path / "new", now) for now in (100, 100, 50, 300)] == [100, 101, 102, 300]
    assert (tmp_path / "new" / "feiq-number").stat().st_mode & 0o777 == 0o600
    assert next_number(tmp_path / "new" / "feiq-number", 7) == 7  # no folder can be there: the clock must do
