// Buttons that copy and download new recovery codes. The page has their texts.
const words = document.querySelector("#recovery-words").dataset
const codes = [...document.querySelectorAll(".recovery")].map((code) => code.textContent)
const text = [document.querySelector("#recovery-of").textContent, "", ...codes, ""].join("\n")
const actions = document.querySelector("main .actions")

const status = document.createElement("p")
status.setAttribute("role", "status")
actions.after(status)

function add(label, act) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: label })
  button.addEventListener("click", act)
  actions.append(button)
}

// Browsers have no clipboard on pages without TLS.
if (navigator.clipboard) {
  add(words.copy, () => navigator.clipboard.writeText(text).then(() => { status.textContent = words.copied }))
}
add(words.download, () => {
  const href = URL.createObjectURL(new Blob([text], { type: "text/plain" }))
  Object.assign(document.createElement("a"), { href, download: "recovery-codes.txt" }).click()
  URL.revokeObjectURL(href)
})
