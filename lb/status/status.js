// Shows every service with its instances, and asks again every second.

const summary = document.querySelector("#summary");
const main = document.querySelector("#services");

let answered;

async function update() {
  try {
    const [instances, consul] = await Promise.all([ask("status.json"), ask("consul").catch(() => undefined)]);
    answered = Date.now();
    show(instances, consul);
  } catch {
    summary.className = "bad";
    summary.textContent = answered ? `The load balancer has not answered for ${ago(answered)}.` : "No answer.";
  }
  setTimeout(update, 1000);
}

async function ask(path) {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(3000) });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

function show(instances, consul) {
  const services = Map.groupBy(instances, ({ name }) => name);
  const names = [...services.keys()].sort();
  const ill = names.filter((name) => services.get(name).some(({ health }) => health !== "passing"));
  summary.className = ill.length > 0 || !consul ? "bad" : "good";
  summary.textContent = words(names, ill, consul);
  main.replaceChildren(...names.map((name) => section(name, services.get(name))));
}

function words(names, ill, consul) {
  if (!consul) return "Consul does not answer: this is what it said last.";
  if (names.length === 0) return "No service is known.";
  return ill.length === 0 ? `All ${names.length} services are well.` : `Not well: ${ill.join(", ")}.`;
}

function section(name, instances) {
  const element = make("section");
  const title = make("h2", name);
  title.append(make("small", instances[0].role));
  element.append(title, ...instances.sort((a, b) => (a.id < b.id ? -1 : 1)).map(instance));
  return element;
}

function instance({ id, address, health, since, says }) {
  const element = make("article");
  element.dataset.health = health;
  element.append(make("b", health === "gone" ? "no instance" : health), make("span", address, "address"));
  element.append(make("span", id.split(":")[1] ?? "", "id"), duration(since));
  if (says !== "") element.append(make("p", says));
  return element;
}

function duration(seconds) {
  const element = make("time", `for ${ago(seconds * 1000)}`);
  element.dateTime = new Date(seconds * 1000).toISOString();
  element.title = new Date(seconds * 1000).toLocaleString();
  return element;
}

function make(tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

function ago(time) {
  const seconds = Math.max(0, Math.round((Date.now() - time) / 1000));
  const units = [
    ["d", 86400],
    ["h", 3600],
    ["min", 60],
  ];
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

update();
