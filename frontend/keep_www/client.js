// Searches the service `catalog` while somebody types, through the load balancer that this page came through.

const input = document.querySelector("input");
const results = document.querySelector("#results");
const answer = document.querySelector("#answer");

let last = 0;
let pause;

input.form.addEventListener("submit", (event) => event.preventDefault());
input.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(search, 150);
});

async function search() {
  const query = input.value.trim();
  const turn = ++last;
  const { found, words } = query === "" ? { found: [], words: "" } : await ask(query);
  // Somebody has typed on meanwhile.
  if (turn !== last) return;
  results.replaceChildren(...found.map(item));
  answer.textContent = words;
}

function item({ id, name }) {
  const element = document.createElement("li");
  element.textContent = `${name} (member ${id})`;
  return element;
}

/** Answers with who was found, and what to tell whoever asked. */
async function ask(query) {
  try {
    const response = await fetch(`/catalog/search?q=${encodeURIComponent(query)}`);
    const said = await response.json();
    if (!response.ok) return { found: [], words: said.error };
    return { found: said.results, words: said.results.length === 0 ? "Nobody of that name." : "" };
  } catch {
    return { found: [], words: "Nobody answers. Please try again in a moment." };
  }
}
