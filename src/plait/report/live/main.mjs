// Puts the page of a live run together.

import { byId } from "../page/dom.mjs";
import { showCharts } from "../page/plot.mjs";
import { Theme } from "../page/theme.mjs";
import { chartsOf } from "./charts.mjs";
import { ask, Connection } from "./connection.mjs";
import { Course, phaseOf, shareOf, stateInWords, tabInWords, titleInWords } from "./model.mjs";
import { sections, setText } from "./sections.mjs";

function start() {
  const run = { name: "", course: new Course(), state: undefined };
  let isConnected = false;
  const charts = showCharts(byId("charts"), chartsOf(run), true);
  const showSections = sections();
  const theme = new Theme((name, ink) => charts.draw(ink));
  theme.apply();
  byId("theme").addEventListener("click", () => theme.toggle());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme.apply());

  const phase = () => phaseOf(run.state, isConnected);
  const show = () => {
    showHead(run, phase());
    if (run.state && !document.hidden) {
      showSections(run.state, run.course.column(4).at(-1));
      charts.renew();
    }
  };
  const take = (state) => {
    run.state = state;
    run.course.push(state.sample);
    show();
  };
  new Connection({
    history: ({ name, samples }) => {
      run.name = name;
      run.course.replace(samples);
    },
    state: take,
    end: take,
    connected: (is) => {
      isConnected = is;
      show();
    },
  });
  document.addEventListener("visibilitychange", show);
  listenToControls(phase);
  window.plaitLive = Object.freeze({ phase, samples: () => run.course.samples.length, state: () => run.state });
}

function showHead(run, phase) {
  const { state, name } = run;
  const [word, sentence] = stateInWords(state, phase);
  const place = byId("state");
  setText(place.querySelector("strong"), word);
  setText(place.querySelector("span"), sentence);
  place.classList.toggle("bad", phase === "stopped" || phase === "lost");
  const canControl = phase === "running" || phase === "paused";
  byId("pause").disabled = byId("stop").disabled = !canControl;
  setText(byId("pause"), phase === "paused" ? "Resume" : "Pause");
  if (!canControl && byId("confirm").open) {
    byId("confirm").close();
  }
  if (!state) {
    return;
  }
  const { report } = state.status;
  setText(byId("title"), titleInWords(report));
  const since = new Date(report.began).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "medium" });
  setText(byId("subtitle"), `${name} · since ${since} · process ${report.pid}`);
  document.title = tabInWords(report, phase, name);
  const share = shareOf(report);
  const bar = byId("progress");
  bar.style.setProperty("--part", `${(share ?? 0) * 100}%`);
  if (share === undefined) {
    bar.removeAttribute("aria-valuenow");
  } else {
    bar.setAttribute("aria-valuenow", String(Math.floor(share * 100)));
  }
}

function listenToControls(phase) {
  const togglePause = () => ask(phase() === "paused" ? "resume" : "pause");
  const confirm = byId("confirm");
  byId("pause").addEventListener("click", togglePause);
  byId("stop").addEventListener("click", () => confirm.showModal());
  byId("confirm-no").addEventListener("click", () => confirm.close());
  byId("confirm-yes").addEventListener("click", () => {
    confirm.close();
    ask("stop");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "p" && !event.ctrlKey && !event.metaKey && !event.altKey && !confirm.open && !byId("pause").disabled) {
      togglePause();
    }
  });
}

start();
