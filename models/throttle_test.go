package models_test

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"corral/models"
	"corral/models/modelstest"
)

// wait is how long a try with a wrong password has to wait: 0 when it was let through.
func (ms *ModelSuite) wait(email, client string) time.Duration {
	var throttled *models.Throttled
	err := ms.try(email, "wrong", client)
	if errors.As(err, &throttled) {
		return throttled.RetryAfter
	}
	ms.ErrorIs(err, models.ErrBadCredentials)
	return 0
}

// client returns the address of the nth client, each in a network of its own.
func client(n int) string { return fmt.Sprintf("10.%d.%d.1", n/256, n%256) }

// Five tries are free, then the waits grow: 1, 2, 4 … 900 seconds.
func (ms *ModelSuite) Test_Throttle_AddressWaitsGrow() {
	models.Clock.Stop()
	n := 0
	for range 5 {
		n++
		ms.Zero(ms.wait("ada@example.com", client(n)))
	}
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		n++
		wait := ms.wait("ada@example.com", client(n))
		ms.Greater(wait, time.Duration(seconds-1)*time.Second)
		ms.LessOrEqual(wait, time.Duration(seconds)*time.Second)
		models.Clock.Move(time.Duration(seconds) * time.Second)
		ms.Zero(ms.wait("ada@example.com", client(n)))
	}
	ms.Zero(ms.wait("bob@example.com", client(1)), "somebody else's tries are their own")
}

// After a hundred in a row only a reset by mail helps.
func (ms *ModelSuite) Test_Throttle_HundredInARow() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for n := range 100 {
		ms.Zero(ms.wait("ada@example.com", client(n)))
		models.Clock.Move(15 * time.Minute)
	}
	models.Clock.Move(80 * 24 * time.Hour)
	ms.NotZero(ms.wait("ada@example.com", client(101)))
	var throttled *models.Throttled
	ms.ErrorAs(ms.try("ada@example.com", modelstest.Password, client(102)), &throttled, "the right password too")
	ms.NoError(models.ResetPassword(ms.T().Context(), ms.ask("ada@example.com"), "an entirely new set of words", models.Origin{}))
	ms.NoError(ms.try("ada@example.com", "an entirely new set of words", client(103)))
}

func (ms *ModelSuite) Test_Throttle_SuccessResets() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for range 3 {
		for range 4 {
			ms.Zero(ms.wait("ada@example.com", "192.0.2.1"))
		}
		ms.NoError(ms.try("ada@example.com", modelstest.Password, "192.0.2.1"))
		models.Clock.Move(4 * time.Minute)
	}
}

// However an address is written, it is one address, account or none.
func (ms *ModelSuite) Test_Throttle_CaseVariantsAreOne() {
	models.Clock.Stop()
	for _, typed := range []string{"ada@example.com", "ADA@example.com", " Ada@Example.Com", "ada@EXAMPLE.com ", "aDa@example.com"} {
		ms.Zero(ms.wait(typed, "192.0.2.1"))
	}
	ms.NotZero(ms.wait("ada@example.com", "192.0.2.2"))
	for range 5 {
		ms.Zero(ms.wait("No Address At All", "192.0.2.3"))
	}
	ms.NotZero(ms.wait("no address at all ", "192.0.2.4"))
}

// To somebody without the password, an account that is throttled and an
// address without account look the same.
func (ms *ModelSuite) Test_Throttle_KnownAndUnknownAlike() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for range 5 {
		ms.Equal(ms.wait("ada@example.com", "192.0.2.1"), ms.wait("nobody@example.com", "192.0.2.2"))
	}
	ms.NotZero(ms.wait("ada@example.com", "192.0.2.3"))
	ms.NotZero(ms.wait("nobody@example.com", "192.0.2.3"))
}

// Ten failures in three minutes for a client, whatever addresses it tries.
func (ms *ModelSuite) Test_Throttle_Client() {
	models.Clock.Stop()
	for n := range 10 {
		ms.Zero(ms.wait(fmt.Sprintf("user%d@example.com", n), "192.0.2.1"))
	}
	wait := ms.wait("user10@example.com", "192.0.2.1")
	ms.Greater(wait, 2*time.Minute)
	ms.LessOrEqual(wait, 3*time.Minute)
	ms.Zero(ms.wait("user10@example.com", "192.0.2.2"))
	models.Clock.Move(3 * time.Minute)
	ms.Zero(ms.wait("user11@example.com", "192.0.2.1"))
}

func (ms *ModelSuite) Test_Throttle_ClientSuccessesAreFree() {
	ms.signUp("ada@example.com")
	for range 30 {
		ms.NoError(ms.try("ada@example.com", modelstest.Password, "192.0.2.1"))
	}
}

// One IPv6 customer has a /64 to itself.
func (ms *ModelSuite) Test_Throttle_IPv6By64() {
	models.Clock.Stop()
	for n := range 10 {
		ms.Zero(ms.wait(fmt.Sprintf("user%d@example.com", n), fmt.Sprintf("2001:db8:1:2::%x", n)))
	}
	ms.NotZero(ms.wait("user10@example.com", "2001:db8:1:2:ffff::1"))
	ms.Zero(ms.wait("user10@example.com", "2001:db8:1:3::1"))
}

// Tries that come at once are counted one by one.
func (ms *ModelSuite) Test_Throttle_FiftyAtOnce() {
	models.Clock.Stop() // a slow machine must not wait out the first second
	var through, refused atomic.Int32
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			if ms.wait("ada@example.com", client(n)) == 0 {
				through.Add(1)
			} else {
				refused.Add(1)
			}
		})
	}
	all.Wait()
	ms.EqualValues(5, through.Load(), "the free tries and no more")
	ms.EqualValues(45, refused.Load())
	for n := range 30 {
		all.Go(func() { ms.wait(fmt.Sprintf("user%d@example.com", n), "192.0.2.1") })
	}
	all.Wait()
	var tries []int
	ms.NoError(ms.DB.Store.Select(&tries, "SELECT tries FROM throttles ORDER BY tries DESC LIMIT 1"))
	ms.Equal(10, tries[0])
}

// deviceOf is the token that makes a browser known to the account.
func (ms *ModelSuite) deviceOf(user *models.User, rawDevice string) string {
	s, err := models.StartSession(ms.T().Context(), user, models.Origin{RawDevice: rawDevice}, false)
	ms.NoError(err)
	return s.RawDevice
}

// A stranger who uses up an address's tries does not lock out its owner.
func (ms *ModelSuite) Test_Throttle_KnownDeviceHasABudgetOfItsOwn() {
	models.Clock.Stop()
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	for n := range 5 {
		ms.Zero(ms.wait("ada@example.com", client(n)))
	}
	hers := models.Credentials{Email: "ada@example.com", Password: modelstest.Password,
		From: models.Origin{Client: netip.MustParseAddr(client(1)), RawDevice: ms.deviceOf(ada, "")}}
	var throttled *models.Throttled
	stranger := hers
	stranger.From.RawDevice = ""
	_, err := models.Authenticate(ctx, stranger)
	ms.ErrorAs(err, &throttled)
	_, err = models.Authenticate(ctx, hers)
	ms.NoError(err)
	_, err = models.Authenticate(ctx, stranger)
	ms.ErrorAs(err, &throttled, "her login is no help to the stranger")

	hers.Password = "wrong"
	for range 5 {
		_, err = models.Authenticate(ctx, hers)
		ms.ErrorIs(err, models.ErrBadCredentials)
	}
	_, err = models.Authenticate(ctx, hers)
	ms.ErrorAs(err, &throttled, "the device's budget ends too")
}

func (ms *ModelSuite) Test_Device_OneAccountAndNotForEver() {
	ctx, ada, bob := ms.T().Context(), ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	device := ms.deviceOf(ada, "")
	known := func(email string) bool { // to the throttle, which strangers have used up
		models.Clock.Stop() // a slow machine must not wait out the first second
		for n := range 6 {
			ms.wait(email, client(n))
		}
		_, err := models.Authenticate(ctx, models.Credentials{Email: email, Password: modelstest.Password,
			From: models.Origin{Client: netip.MustParseAddr(client(9)), RawDevice: device}})
		return err == nil
	}
	ms.True(known("ada@example.com"))
	ms.False(known("bob@example.com"))
	ms.NotEqual(device, ms.deviceOf(bob, device))

	models.Clock.Move(179 * 24 * time.Hour)
	ms.Equal(device, ms.deviceOf(ada, device))
	models.Clock.Move(179 * 24 * time.Hour)
	ms.True(known("ada@example.com"), "a login renews it")
	models.Clock.Move(24 * time.Hour)
	ms.False(known("ada@example.com"))

	models.Clock.Reset()
	ms.True(known("ada@example.com"))
	ms.NoError(ada.SetPassword(ctx, modelstest.Password))
	ms.False(known("ada@example.com"), "void after a reset")
}

// A flood that is refused does not keep others from hashing.
func (ms *ModelSuite) Test_Throttle_RefusedHashesNothing() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for range 5 {
		ms.Zero(ms.wait("ada@example.com", "192.0.2.1"))
		ms.Zero(ms.wait("nobody@example.com", "192.0.2.2"))
	}
	models.HoldHashing(func() {
		for range 100 {
			ms.NotZero(ms.wait("ada@example.com", "192.0.2.3"))
			ms.NotZero(ms.wait("nobody@example.com", "192.0.2.3"))
		}
	})
}

// The table tells nobody whose address was tried.
func (ms *ModelSuite) Test_Throttle_KeyedDigest() {
	models.Clock.Stop()
	ms.wait("ada@example.com", "192.0.2.1")
	var ids []string
	ms.NoError(ms.DB.Store.Select(&ids, "SELECT id FROM throttles"))
	ms.Len(ids, 2)
	for _, id := range ids {
		ms.NotContains(id, "ada")
		ms.Len(id, 43)
	}
}

// Over the limit for an address a request does the same, and leaves nothing.
func (ms *ModelSuite) Test_Throttle_MailsOverTheLimit() {
	for range 3 {
		ms.requestSignup("zoe@example.com")
	}
	newest := modelstest.Link(ms.T(), "zoe@example.com", models.MailSignup)
	ms.requestSignup("zoe@example.com")
	ms.Equal(3, ms.count("mails"))
	email, err := models.FindSignupEmail(ms.T().Context(), newest)
	ms.NoError(err, "the newest link that was sent works")
	ms.Equal("zoe@example.com", email)
	models.Clock.Move(time.Hour)
	ms.requestSignup("zoe@example.com")
	ms.Equal(4, ms.count("mails"))
}
