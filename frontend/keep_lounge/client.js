// Signs somebody up with the service `user`, through the load balancer that this page came through.

const form = document.querySelector("form");
const answer = document.querySelector("#answer");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  answer.textContent = "…";
  answer.textContent = await join(Object.fromEntries(new FormData(form)));
});

/** Answers with what to tell whoever asked. */
async function join(user) {
  try {
    const response = await fetch("/user/users", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(user),
    });
    const said = await response.json();
    if (response.ok) return `Welcome, ${said.name}! You are member ${said.id}.`;
    if (said.errors === undefined) return said.error;
    return Object.entries(said.errors)
      .map(([field, reasons]) => `${field} ${reasons.join(" and ")}`)
      .join(", ");
  } catch {
    return "Nobody answers. Please try again in a moment.";
  }
}
