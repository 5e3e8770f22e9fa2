package clientip_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/clientip"
)

func TestClientIP(t *testing.T) {
	for text, network := range map[string]string{"192.0.2.7": "192.0.2.0/24", "2001:db8:1:2::7": "2001:db8:1::/48"} {
		ip := netip.MustParseAddr(text)
		require.Equal(t, text, clientip.Text(ip))
		require.Equal(t, network, clientip.Network(ip))
	}
	require.Empty(t, clientip.Text(netip.Addr{}))
	require.Empty(t, clientip.Network(netip.Addr{}))
}
