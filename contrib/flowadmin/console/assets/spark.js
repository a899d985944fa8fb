// A small line without axes.

import { resolve } from "./colors.js";
import { el } from "./dom.js";

// Spark is a canvas that shows the last values of up to a few lines, each {color, values}.
export class Spark {
  node = el("canvas", { class: "spark", "aria-hidden": "true" });

  // draw shows values, the newest at the right; a second is the same width in all sparks.
  draw(lines, seconds) {
    const box = this.node;
    const width = box.clientWidth;
    const height = box.clientHeight;
    if (!width) return;
    const scale = window.devicePixelRatio || 1;
    if (box.width !== Math.round(width * scale)) {
      box.width = Math.round(width * scale);
      box.height = Math.round(height * scale);
    }
    const pen = box.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const top = Math.max(1e-9, ...lines.flatMap((l) => l.values.slice(-seconds))) * 1.05;
    for (const line of lines) this.#line(pen, line, { width, height, top, seconds });
  }

  #line(pen, { color, values }, { width, height, top, seconds }) {
    const x = (i) => width - ((values.length - 1 - i) * width) / (seconds - 1);
    const y = (v) => height - 1.5 - (v / top) * (height - 3);
    const first = Math.max(0, values.length - seconds);
    pen.beginPath();
    let begun = null;
    let last = null;
    for (let i = first; i < values.length; i++) {
      if (values[i] === null) continue;
      if (begun === null) {
        begun = i;
        pen.moveTo(x(i), y(values[i]));
      } else pen.lineTo(x(i), y(values[i]));
      last = i;
    }
    if (begun === null) return;
    pen.strokeStyle = resolve(color);
    pen.lineWidth = 1.5;
    pen.lineJoin = "round";
    pen.stroke();
    pen.lineTo(x(last), height);
    pen.lineTo(x(begun), height);
    pen.globalAlpha = 0.12;
    pen.fillStyle = resolve(color);
    pen.fill();
    pen.globalAlpha = 1;
  }
}
