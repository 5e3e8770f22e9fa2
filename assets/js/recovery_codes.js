// Buttons that copy and download new recovery codes. The page has their texts.
const words = document.querySelector("#recovery-words").dataset
const codes = [...document.querySelectorAll(".recovery")].map((code) => code.textContent)
const text = [document.querySelector("#recovery-of").textContent, "", ...codes, ""].join("\n")

function add(name, properties) {
  const element = Object.assign(document.createElement(name), properties)
  document.querySelector("main .actions").append(element)
  return element
}

// Without TLS, browsers have no clipboard.
if (navigator.clipboard) {
  const copy = add("button", { type: "button", className: "btn", textContent: words.copy })
  copy.addEventListener("click", () => navigator.clipboard.writeText(text).then(
    () => { status.textContent = words.copied },
    () => getSelection().selectAllChildren(document.querySelector("main ul")), // the browser refuses: the user copies what is selected
  ))
}
add("button", { type: "button", className: "btn", textContent: words.download }).addEventListener("click", () => {
  const href = URL.createObjectURL(new Blob([text], { type: "text/plain" }))
  Object.assign(document.createElement("a"), { href, download: "recovery-codes.txt" }).click()
})
const status = add("span", { role: "status" })
