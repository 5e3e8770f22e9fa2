// Passkeys. The page has the texts, and an element for each use of passkeys:
// data-passkey is the path that answers are sent to, data-method the method if it is
// not POST, and data-new makes a new passkey.
const words = document.querySelector("#passkey-words").dataset
const old = 4 * 60 * 1000 // milliseconds; a challenge expires after five minutes

let prompt = new AbortController() // ends the browser's prompt; a browser shows only one
let pressed = false
let offered = 0

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) start()
else for (const text of document.querySelectorAll("[data-passkeys-missing]")) text.hidden = false

function start() {
  for (const use of document.querySelectorAll("[data-passkey]")) {
    use.hidden = false
    use.querySelector("button").addEventListener("click", () => press(use))
  }
  if (words.user) tell("signalCurrentUserDetails", { userId: words.user, name: words.email, displayName: words.email })
  const login = document.querySelector("[data-autofill]")
  if (!login) return
  offer(login)
  setInterval(() => Date.now() - offered > old && offer(login), 10000)
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload())
}

async function press(use) {
  if (pressed) return
  pressed = true
  say(use, "")
  const button = use.querySelector("button")
  button.setAttribute("aria-busy", "true")
  try {
    await answer(use, {})
  } catch (error) {
    if (error.status === 401 || error.status === 403) return location.reload() // the user must log in or confirm again
    explain(use, error)
  }
  button.removeAttribute("aria-busy")
  pressed = false
  if ("autofill" in use.dataset) offer(use)
}

// Offers passkeys in the browser's list of saved passwords, until the user chooses one
// or presses the button.
async function offer(use) {
  offered = Date.now()
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.()) || pressed) return
  try {
    await answer(use, { mediation: "conditional" })
  } catch (error) {
    if (!error.chosen) return // the user has not chosen a passkey
    explain(use, error)
    offer(use)
  }
}

// Requests a challenge, has the browser answer it, sends the answer, and goes to the
// page that the site names.
async function answer(use, how) {
  prompt.abort()
  const { signal } = (prompt = new AbortController())
  const path = use.dataset.passkey
  const { publicKey, state } = await send(`${path}/options`, {})
  signal.throwIfAborted()
  const credential = "new" in use.dataset
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey), signal })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey), signal, ...how })
  const next = document.querySelector("[name=next]")?.value ?? new URLSearchParams(location.search).get("next")
  const checked = (name) => document.querySelector(`[name=${name}]`)?.checked
  try {
    const to = await send(path, { state, credential, next, remember: checked("remember"), skip: checked("skip") }, use.dataset.method)
    location.assign(to.location + (next ? location.hash : ""))
    return new Promise(() => {}) // never resolves: the next page loads
  } catch (error) {
    if (error.forget) tell("signalUnknownCredential", { credentialId: credential.id })
    throw Object.assign(error, { chosen: true })
  }
}

async function send(path, body, method = "POST") {
  const response = await fetch(path, {
    method,
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  })
  const said = await response.json()
  if (response.ok) return said
  throw Object.assign(new Error(), said)
}

// Shows an error, unless the user has cancelled.
function explain(use, error) {
  if (error.name === "AbortError" || error.name === "NotAllowedError") return
  say(use, error.name === "InvalidStateError" ? words.there : error.detail || words.failed)
}

function say(use, text) {
  use.querySelector("[role=alert]").textContent = text
}

// Tells the authenticator, if the browser supports it.
function tell(what, details) {
  PublicKeyCredential[what]?.({ rpId: location.hostname, ...details }).catch(() => {})
}
