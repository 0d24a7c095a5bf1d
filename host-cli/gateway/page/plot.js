// A live plot of the numbers in values that keep coming.

import { drawing, element } from "./element.js";

const MOST_POINTS = 400;
const MOST_SERIES = 8;
const HEIGHT = 200;
const [LEFT, RIGHT, TOP, BOTTOM] = [8, 8, 16, 22];

/** Makes an empty plot, which shows itself when it has a number. */
export function plot(title) {
  const series = new Map();
  const lines = drawing("g");
  const grid = drawing("g", { class: "grid" });
  const picture = drawing("svg", { role: "img", height: HEIGHT }, grid, lines);
  const legend = element("ul", { class: "legend" });
  const node = element("figure", { class: "plot", hidden: true }, picture, legend);
  let frame = 0;
  return { node, add };

  /** Adds the numbers of a value, each with its path, at a time in milliseconds. */
  function add(numbers, time = Date.now()) {
    for (const [path, number] of numbers) {
      const one = series.get(path) ?? begin(path);
      if (one) {
        one.points.push([time, number]);
        if (one.points.length > MOST_POINTS) {
          one.points.shift();
        }
      }
    }
    frame ||= requestAnimationFrame(draw);
  }

  function begin(path) {
    if (series.size >= MOST_SERIES) {
      return null;
    }
    const style = `series s${series.size + 1}`;
    const line = drawing("polyline", { class: style });
    const latest = element("span", { class: "value" });
    const toggle = element(
      "button",
      { type: "button", class: "key", "aria-pressed": "true", click: () => show(one, !one.isShown) },
      drawing("svg", { class: style, viewBox: "0 0 24 8", "aria-hidden": "true" }, drawing("path", { d: "M0 4h24" })),
      path || title,
      " ",
      latest,
    );
    const one = { path, points: [], line, latest, toggle, isShown: true };
    lines.append(line);
    legend.append(element("li", {}, toggle));
    series.set(path, one);
    node.hidden = false;
    return one;
  }

  function show(one, isShown) {
    one.isShown = isShown;
    one.toggle.setAttribute("aria-pressed", String(isShown));
    draw();
  }

  function draw() {
    frame = 0;
    const width = picture.clientWidth || 600;
    picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const visible = [...series.values()].filter((one) => one.isShown && one.points.length > 0);
    const points = visible.flatMap((one) => one.points);
    const [start, end] = extent(points.map(([time]) => time));
    const [low, high] = padded(...extent(points.map(([, number]) => number)));
    const x = (time) => LEFT + ((time - start) / Math.max(end - start, 1)) * (width - LEFT - RIGHT);
    const y = (number) => HEIGHT - BOTTOM - ((number - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    for (const one of series.values()) {
      const drawn = visible.includes(one) ? one.points : [];
      // A single point is a short line, so that it is seen.
      const corners = drawn.length === 1 ? [[x(drawn[0][0]), y(drawn[0][1])], [x(drawn[0][0]) + 6, y(drawn[0][1])]] : drawn.map(([time, number]) => [x(time), y(number)]);
      one.line.setAttribute("points", corners.map((corner) => corner.map((at) => at.toFixed(1)).join()).join(" "));
      one.latest.textContent = short(one.points.at(-1)[1]);
    }
    grid.replaceChildren(...ticks(low, high).flatMap((tick) => rule(tick, y(tick), width)), ...span(start, end, width));
    const words = visible.map((one) => `${one.path || title} is ${short(one.points.at(-1)[1])}`);
    picture.setAttribute("aria-label", `Plot of ${title}: ${words.join(", ")}; from ${short(low)} to ${short(high)}, ${visible[0]?.points.length ?? 0} values`);
  }
}

function rule(number, y, width) {
  return [
    drawing("line", { x1: LEFT, x2: width - RIGHT, y1: y, y2: y }),
    drawing("text", { x: LEFT, y: y - 3 }, short(number)),
  ];
}

function span(start, end, width) {
  const seconds = (end - start) / 1000;
  return [
    drawing("text", { x: LEFT, y: HEIGHT - 6 }, seconds < 1 ? "" : `${Number(seconds.toPrecision(2))} s ago`),
    drawing("text", { x: width - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, "now"),
  ];
}

function extent(numbers) {
  return numbers.reduce(([low, high], number) => [Math.min(low, number), Math.max(high, number)], [Infinity, -Infinity]);
}

function padded(low, high) {
  if (!(low <= high)) {
    return [0, 1];
  }
  const room = high > low ? (high - low) * 0.08 : Math.max(Math.abs(low) * 0.1, 1);
  return [low - room, high + room];
}

/** Returns two to five round numbers between the two. */
function ticks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.ceil(low / step);
  const count = Math.min(Math.max(Math.floor(high / step) - first + 1, 0), 6);
  return Array.from({ length: count }, (_, index) => (first + index) * step);
}

function short(number) {
  return Number(number.toPrecision(6)).toString();
}
