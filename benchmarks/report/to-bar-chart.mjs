const width = 760;
const labelWidth = 190;
const valueWidth = 80;
const barHeight = 16;
const rowHeight = 20;
const titleHeight = 36;
const colours = ["#9aa0a6", "#4e79a7", "#59a14f", "#f28e2b", "#b07aa1", "#e15759"];

/**
 * Horizontal bars on a logarithmic scale, so that a peer that takes a hundred times as long leaves the others
 * visible. `groups`: { label, bars: { label, value > 0 }[] }[]; the same label has the same colour.
 */
export function toBarChart({ title, unit, groups }) {
  const values = groups.flatMap(({ bars }) => bars.map(({ value }) => value));
  const lowest = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const highest = Math.max(...values);
  const span = Math.log10(highest / lowest) || 1;
  const toWidth = (value) => ((width - labelWidth - valueWidth) * Math.log10(value / lowest)) / span;
  const names = [...new Set(groups.flatMap(({ bars }) => bars.map(({ label }) => label)))];
  const parts = [];
  let y = titleHeight;
  for (const { label, bars } of groups) {
    parts.push(text(8, y + 13, label, 'font-weight="bold"'));
    y += rowHeight;
    for (const bar of bars) {
      const length = Math.max(1, toWidth(bar.value));
      const colour = colours[names.indexOf(bar.label) % colours.length];
      parts.push(text(labelWidth - 8, y + 12, bar.label, 'text-anchor="end"'));
      parts.push(
        `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" fill="${colour}"/>`,
      );
      parts.push(text(labelWidth + length + 6, y + 12, `${toNumber(bar.value)} ${unit}`));
      y += rowHeight;
    }
    y += 8;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    text(8, 20, `${title} (logarithmic)`, 'font-size="15"'),
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function text(x, y, content, attributes = "") {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped}</text>`;
}

const toNumber = (value) => (value >= 10 ? value.toFixed(0) : value.toFixed(2));
