"""Which network addresses count as one."""

import pytest

from registry.attempts import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_an_ipv6_network_counts_as_one_and_no_address_as_none(address: str, network: str) -> None:
    assert network_of(address) == network
