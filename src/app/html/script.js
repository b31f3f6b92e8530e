// The report's behaviour: reads the lines of data, draws what is asked for.
// Every text from outside becomes a text node, never markup.
"use strict";
(() => {

const ROWS_AT_ONCE = 100;
const ROWS_PRINTED = 2000;
const DETAILS_PRINTED = 200;
const NAMED_LANES = 40;
const LANES_HEIGHT = 200;
const SVG = "http://www.w3.org/2000/svg";

// The worst first: what must be looked at before anybody goes to bed.
const SEVERITY = ["unknown", "failed", "rolled_back", "pending", "skipped",
	"changed", "unchanged"];
const MEANS = {
	changed: "the change was made and read back",
	unchanged: "it was so already, or was only looked at",
	failed: "it did not work, and nothing was changed on it",
	rolled_back: "the old state was put back",
	unknown: "it may be partly applied: look at it",
	skipped: "it was never started",
	pending: "not begun yet",
};
const STAGES = {l: "login", r: "read", c: "change", v: "verify", x: "close"};
const STAGE_WORDS = {login: "login", read: "read, run commands",
	change: "change", verify: "verify, save", close: "close"};

// How a visit can end if not well.
const BAD_ENDS = {failed: "failed", unknown: "unknown",
	rolled_back: "rolled back", retry: "to be retried"};

const $ = id => document.getElementById(id);

function el(name, attributes, ...children)
{
	const made = document.createElement(name);
	for (const key in attributes || {}) {
		if (key.startsWith("on"))
			made.addEventListener(key.slice(2), attributes[key]);
		else if (attributes[key] !== undefined)
			made.setAttribute(key, attributes[key]);
	}
	made.append(...children.filter(child => child !== null));
	return made;
}

function svg(name, attributes, text)
{
	const made = document.createElementNS(SVG, name);
	for (const key in attributes)
		made.setAttribute(key, attributes[key]);
	if (text !== undefined)
		made.textContent = text;
	return made;
}

const plural = (n, word) => `${n.toLocaleString("en")} ${word}${
	n === 1 ? "" : "s"}`;

// ---- data ------------------------------------------------------------------

const lines = $("data").textContent.split("\n");
const run = JSON.parse(lines[0]);
const devices = new Array(run.devices);
const texts = []; // as they stand in the data, until somebody asks

for (let i = 1; i < lines.length; i++) {
	if (lines[i][0] === "{") {
		const device = JSON.parse(lines[i]);
		device.word = run.statuses[device.status];
		device.rank = SEVERITY.indexOf(device.word);
		devices[device.n] = device;
	} else if (lines[i]) {
		texts.push(lines[i]);
	}
}
lines.length = 0;

// {text, missing}: how many bytes are not there; -1: all of them.
function text(number)
{
	if (number === undefined)
		return {text: "", missing: 0};
	if (number < 0)
		return {text: "", missing: -1};
	const value = JSON.parse(texts[number]);
	if (typeof value === "string")
		return {text: value, missing: 0};
	const bytes = new TextEncoder().encode(value[0]).length;
	return {text: value[0], missing: value[1] - bytes};
}

// How many devices show the same.
const alike = new Map();
for (const device of devices)
	if (device.output >= 0)
		alike.set(device.output, (alike.get(device.output) || 0) + 1);

// ---- times and other words -------------------------------------------------

const two = n => String(n).padStart(2, "0");

function clock(ms)
{
	const at = new Date(ms);
	return `${two(at.getHours())}:${two(at.getMinutes())}:${
		two(at.getSeconds())}`;
}

function zone(ms)
{
	const parts = new Intl.DateTimeFormat("en-GB",
		{timeZoneName: "short"}).formatToParts(new Date(ms));
	return parts.find(part => part.type === "timeZoneName").value;
}

function day(ms)
{
	const at = new Date(ms);
	return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${
		two(at.getDate())}`;
}

// The reader's own time; UTC, as the journal has it, when pointed at.
function when(ms)
{
	return el("time", {datetime: new Date(ms).toISOString(),
		title: new Date(ms).toISOString()},
	`${day(ms)} ${clock(ms)} ${zone(ms)}`);
}

function took(ms)
{
	if (ms < 1000)
		return `${Math.round(ms)} ms`;
	if (ms < 60000)
		return `${(ms / 1000).toFixed(1)} s`;
	const seconds = Math.round(ms / 1000);
	if (seconds < 3600)
		return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
	const minutes = Math.round(seconds / 60);
	return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

// A device's bytes made visible: nothing hides, nothing turns the line round.
const HIDDEN =
	/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function visible(value)
{
	return value.replace(/\r\n/g, "\n").replace(HIDDEN, found => {
		const code = found.charCodeAt(0);
		if (code < 0x20)
			return String.fromCharCode(0x2400 + code);
		return code === 0x7f ? "\u2421" : "\\u" +
			code.toString(16).padStart(4, "0");
	});
}

const status = word => el("span", {class: "status " + word,
	title: MEANS[word]}, word.replace("_", " "));

// ---- the head --------------------------------------------------------------

const totals = {};
for (const device of devices)
	totals[device.word] = (totals[device.word] || 0) + 1;

// netpush run --check: what would be done.
const isCheck = run.parts.some(part => part.check);

function verdict()
{
	const good = (totals.changed || 0) + (totals.unchanged || 0);
	const bad = devices.length - good;
	const kind = totals.unknown ? "doubt" : bad ? "bad" : "good";
	const would = devices.filter(device => device.would).length;
	let words = isCheck && !bad
		? "A check, nothing was changed. " + (would
			? `${plural(would, "device")} would be.`
			: "Nothing would be.")
		: bad
		? `${bad.toLocaleString("en")} of ${plural(devices.length,
			"device")} ${bad === 1 ? "is" : "are"} not as the job asks.`
		: devices.length === 1 ? "The device is as the job asks."
			: `All ${plural(devices.length,
				"device")} are as the job asks.`;
	if (isCheck && bad)
		words += ` A check, nothing was changed; ${
			plural(would, "device")} would be.`;
	if (totals.unknown)
		words += ` ${totals.unknown.toLocaleString("en")} may be partly ` +
			"applied: look there first.";
	if (run.exit_status === 3)
		words += " The credentials were refused; nothing was changed.";
	if (run.stopped)
		words += " Stopped early: " + visible(run.stopped) + ".";
	if (!run.ended)
		words += " The run did not come to its end: netpush resume " +
			"goes on with it.";
	return [kind, words];
}

function byWhom(part)
{
	if (!part.user)
		return part.machine ? "on " + part.machine : "";
	return part.user + (part.machine ? " on " + part.machine : "");
}

function phaseWords(phase)
{
	const steps = (phase.steps || []).map(step => step.name).join(", ");
	return steps ? `${phase.name}: ${steps}` : phase.name;
}

function drawHead()
{
	const [kind, words] = verdict();
	const first = run.parts[0] || {};
	const last = run.parts[run.parts.length - 1] || {};
	const facts = [];
	const add = (name, ...value) => facts.push(el("div", null,
		el("dt", null, name), el("dd", null, ...value)));
	document.title = `${run.job}: ${SEVERITY.filter(word => totals[word])
		.map(word => `${totals[word]} ${word}`).join(", ")}`;
	$("job").textContent = run.job;
	$("verdict").textContent = words;
	$("verdict").className = kind;
	add("Started", when(run.started));
	for (const part of run.parts.slice(1))
		add("Resumed", when(part.at), byWhom(part) &&
			" by " + visible(byWhom(part)));
	add(run.ended ? "Ended" : "Last heard of", when(run.finished),
		` (${took(run.finished - run.started)})`);
	if (last.start || last.end)
		add("Window", ...(last.start
			? ["from ", when(Date.parse(last.start)), " "] : []),
		...(last.end ? ["to ", when(Date.parse(last.end))] : []));
	if (byWhom(first) || run.logins.length)
		add("By", visible(byWhom(first)), run.logins.length
			? `${byWhom(first) ? ", " : ""}as ${
				run.logins.map(visible).join(", ")} on the devices`
			: "");
	if (run.phases.length)
		add(run.phases.length === 1 ? "Phase" : "Phases",
			...run.phases.flatMap((phase, i) => i
				? [el("br"), visible(phaseWords(phase))]
				: [visible(phaseWords(phase))]));
	add("At once", `${run.threads} at most`);
	if (run.host_keys)
		add("Host keys", `${plural(run.host_keys, "new key")} trusted`);
	add("Run", el("span", {class: "mono"}, run.id));
	$("about").replaceChildren(...facts);
	$("foot").textContent = `netpush ${run.version}, exit status ${
		run.ended ? run.exit_status : "none yet"}`;
}

// ---- the timeline ----------------------------------------------------------

// Visits of a device out of its marks: {device, phase, from, to, parts, end}.
function visitsOf(device)
{
	const visits = [];
	const marks = device.marks || [];
	let visit = null;
	for (let i = 0; i < marks.length; i += 3) {
		const [kind, at, arg] = [marks[i], marks[i + 1], marks[i + 2]];
		if (kind === "b") {
			visit = {device, phase: run.phase_names[arg], from: at,
				to: at, parts: [], end: null};
			visits.push(visit);
		} else if (visit) {
			const part = visit.parts[visit.parts.length - 1];
			if (part && part.to === null)
				part.to = Math.max(part.from, at);
			if (STAGES[kind])
				visit.parts.push({stage: STAGES[kind],
					from: Math.max(visit.from, at), to: null});
			else if (kind === "e")
				visit.end = run.statuses[arg];
			else if (kind === "t")
				visit.end = "retry";
			visit.to = Math.max(visit.to, at);
		}
	}
	for (const each of visits)
		for (const part of each.parts)
			if (part.to === null)
				part.to = each.to = Math.max(part.from,
					run.finished - run.started);
	return visits;
}

const visits = devices.map(visitsOf);

function stageTimes(list)
{
	const sums = {};
	for (const visit of list)
		for (const part of visit.parts)
			sums[part.stage] = (sums[part.stage] || 0) +
				part.to - part.from;
	return Object.keys(STAGE_WORDS).filter(stage => sums[stage])
		.map(stage => `${stage} ${took(sums[stage])}`).join(" · ");
}

const last = run.parts[run.parts.length - 1] || {};
const edges = [["start", "window begins"], ["end", "window ends"]]
	.filter(([key]) => last[key])
	.map(([key, words]) => ({at: Date.parse(last[key]) - run.started,
		words}));

// The stretches of time in which something happened, in order. Between them
// (a wait for the window, a run resumed on the next day) time is cut out.
function busyTimes()
{
	const spans = [];
	for (const list of visits)
		for (const visit of list)
			spans.push([visit.from, visit.to]);
	if (!spans.length)
		return [];
	for (const edge of edges)
		spans.push([edge.at, edge.at]);
	spans.sort((a, b) => a[0] - b[0]);
	const sum = list => list.reduce((n, [from, to]) => n + to - from, 0);
	const merge = gap => {
		const merged = [];
		for (const [from, to] of spans) {
			const open = merged[merged.length - 1];
			if (open && from - open[1] <= gap)
				open[1] = Math.max(open[1], to);
			else
				merged.push([from, to]);
		}
		return merged;
	};
	return merge(Math.max(20, sum(merge(0)) / 2));
}

const busy = busyTimes();
const GAP = 30; // pixels of a stretch that is cut out

// Time to pixels, stretch by stretch.
function scaleFor(left, right)
{
	const total = busy.reduce((n, [from, to]) => n + to - from, 0) || 1;
	const room = Math.max(50, right - left - GAP * (busy.length - 1));
	let x = left;
	const pieces = busy.map(([from, to]) => {
		const piece = {from, to, x, width: (to - from) / total * room};
		x += piece.width + GAP;
		return piece;
	});
	const place = at => {
		for (let i = 0; i < pieces.length; i++) {
			const piece = pieces[i];
			if (at <= piece.to || i === pieces.length - 1)
				return piece.x + Math.min(piece.width, Math.max(0,
					(at - piece.from) / total * room));
		}
		return left;
	};
	return {place, pieces, perMs: room / total};
}

// One lane for each device while their names can be read; else as many as
// were at work at once, each taken again as soon as it is free.
function lanesFor(shown)
{
	const seen = shown.filter(device => visits[device.n].length);
	if (seen.length <= NAMED_LANES)
		return seen.map(device => ({name: device.host,
			visits: visits[device.n]}));
	const lanes = [];
	const free = []; // ends of the lanes
	const all = seen.flatMap(device => visits[device.n])
		.sort((a, b) => a.from - b.from);
	for (const visit of all) {
		let lane = free.findIndex(end => end <= visit.from);
		if (lane < 0) {
			lane = lanes.length;
			lanes.push({name: null, visits: []});
		}
		lanes[lane].visits.push(visit);
		free[lane] = Math.max(visit.to, visit.from + 1);
	}
	return lanes;
}

function niceStep(ms, wanted)
{
	const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4,
		15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 216e5,
		432e5, 864e5];
	return steps.find(step => ms / step <= wanted) || 864e5;
}

function tick(at, step)
{
	if (step < 1000)
		return at < 1000 ? `+${at} ms` : `+${(at / 1000).toFixed(2)} s`;
	const text = clock(run.started + at);
	return step < 60000 ? text : text.slice(0, 5);
}

function drawGrid(into, scale, top, bottom, right)
{
	let free = -Infinity;
	for (const [i, piece] of scale.pieces.entries()) {
		if (i) {
			const before = scale.pieces[i - 1];
			const x = before.x + before.width;
			into.append(svg("rect", {class: "gap", x: x + 3, y: top,
				width: GAP - 6, height: bottom - top}),
			svg("text", {x: Math.min(x + GAP / 2, right - 32),
				y: bottom + 26, "text-anchor": "middle"},
			took(piece.from - before.to)));
		}
		if (piece.width < 1 && scale.pieces.length > 1)
			continue;
		const step = niceStep(piece.to - piece.from,
			Math.max(1, piece.width / 90));
		const offset = step < 1000 ? 0 : run.started % step;
		for (let at = Math.ceil((piece.from + offset) / step) * step -
			offset; at <= piece.to; at += step) {
			const x = scale.place(at);
			into.append(svg("line", {class: "grid", x1: x, x2: x,
				y1: top, y2: bottom}));
			if (x < free)
				continue;
			free = x + 72;
			into.append(svg("text", {x: x + 2, y: bottom + 13},
				tick(at, step)));
		}
	}
}

function drawBatches(into, scale, top, bottom, right)
{
	for (const [i, batch] of run.batches.entries()) {
		const from = scale.place(batch.at - run.started);
		const next = run.batches[i + 1];
		const to = next ? scale.place(next.at - run.started) : right;
		if (i % 2 === 0)
			into.append(svg("rect", {class: "band", x: from, y: 0,
				width: Math.max(0, to - from), height: bottom}));
		const words = to - from > 90 ? `batch ${batch.batch} of ${
			batch.batches}` : to - from > 14 ? String(batch.batch) : "";
		if (words)
			into.append(svg("text", {x: from + 3, y: top - 5}, words));
	}
}

function drawLines(into, scale, bottom, right)
{
	const line = (at, kind, words) => {
		const x = scale.place(at);
		const late = x > right - 90;
		into.append(svg("line", {class: kind, x1: x, x2: x, y1: 0,
			y2: bottom}), svg("text", {x: x + (late ? -4 : 4), y: 11,
			"text-anchor": late ? "end" : "start"}, words));
	};
	for (const part of run.parts.slice(1))
		line(part.at - run.started, "resumed", "resumed");
	for (const edge of edges)
		line(edge.at, "edge", `${edge.words} ${
			clock(run.started + edge.at).slice(0, 5)}`);
}

// All boxes of a kind are one path: ten thousand devices are six elements.
function drawLanes(into, scale, lanes, top, height, named)
{
	const paths = {};
	const box = (kind, x, y, w, h) => {
		(paths[kind] = paths[kind] || []).push(
			`M${x.toFixed(2)} ${y.toFixed(2)}h${w.toFixed(2)}v${
				h.toFixed(2)}h${(-w).toFixed(2)}z`);
	};
	const pad = height > 8 ? 2 : height > 3 ? .5 : 0;
	const hits = [];
	lanes.forEach((lane, i) => {
		const y = top + i * height + pad, h = height - 2 * pad;
		for (const visit of lane.visits) {
			for (const part of visit.parts) {
				const x = scale.place(part.from);
				const w = scale.place(part.to) - x;
				if (part.to > part.from)
					box(part.stage, x, y, Math.max(named ? 1 : .2, w), h);
			}
			const x = scale.place(visit.from), to = scale.place(visit.to);
			hits.push({x, to: Math.max(to, x + 3), lane: i, visit});
			if (BAD_ENDS[visit.end])
				box("end-" + visit.end, to - .5,
					y - (named ? 1 : 0), named ? 4 : 2,
					h + (named ? 2 : 0));
		}
	});
	for (const kind in paths)
		into.append(svg("path", {class: kind, d: paths[kind].join("")}));
	return hits;
}

function describe(visit)
{
	const times = stageTimes([visit]);
	return `${visit.device.host}, ${visit.phase || "run"}: ${
		visit.end || "no end was heard of"}, ${
		took(visit.to - visit.from)}${times ? ` (${times})` : ""}`;
}

function drawTimeline(shown)
{
	const lanes = lanesFor(shown);
	const named = lanes.length > 0 && lanes[0].name !== null;
	$("timeline-part").hidden = !busy.length;
	if (!busy.length)
		return;
	const width = Math.max(280, $("timeline").clientWidth);
	const longest = named ? Math.max(...lanes.map(
		lane => lane.name.length)) : 0;
	const left = named ? Math.min(width * .3, longest * 6.8 + 10) : 4;
	const right = width - 8;
	const top = (edges.length || run.parts.length > 1 ? 16 : 0) +
		(run.batches.length ? 16 : 2);
	const height = named ? 16 : Math.min(12, Math.max(.6,
		LANES_HEIGHT / Math.max(1, lanes.length)));
	const bottom = top + Math.max(1, lanes.length) * height + 2;
	const scale = scaleFor(left, right);
	const total = bottom + (scale.pieces.length > 1 ? 32 : 18);
	const picture = svg("svg", {viewBox: `0 0 ${width} ${total}`,
		height: total, role: "img", "aria-label":
		"When each device was at what; the table below has the same"});
	drawBatches(picture, scale, top, bottom, right);
	drawGrid(picture, scale, top, bottom, right);
	const hits = drawLanes(picture, scale, lanes, top, height, named);
	drawLines(picture, scale, bottom, right);
	if (named)
		lanes.forEach((lane, i) => {
			const room = Math.floor((left - 6) / 6.8);
			const name = visible(lane.name);
			picture.append(svg("text", {class: "name", x: 0,
				y: top + i * height + 12}, name.length > room
				? name.slice(0, room - 1) + "…" : name));
		});
	const find = event => {
		const at = picture.getBoundingClientRect();
		const x = (event.clientX - at.left) * width / at.width;
		const lane = Math.floor(((event.clientY - at.top) * total /
			at.height - top) / height);
		const hit = hits.find(box => box.lane === lane &&
			(named && x < left || x >= box.x - 1 && x <= box.to + 4));
		return hit && hit.visit;
	};
	picture.addEventListener("pointermove", event => {
		const visit = find(event);
		$("hint").textContent = visit ? describe(visit) : "";
	});
	picture.addEventListener("click", event => {
		const visit = find(event);
		if (visit)
			show(visit.device);
	});
	$("timeline").replaceChildren(picture);
}

function drawLegend()
{
	const sample = (kind, words) => {
		const box = svg("svg", {viewBox: "0 0 10 10", "aria-hidden": "true"});
		box.append(svg("rect", {class: kind, width: 10, height: 10}));
		return el("span", null, box, words);
	};
	const ends = new Set(visits.flat().map(visit => visit.end));
	$("legend").replaceChildren(
		...Object.keys(STAGE_WORDS).map(
			kind => sample(kind, STAGE_WORDS[kind])),
		...Object.keys(BAD_ENDS).filter(end => ends.has(end)).map(
			end => sample("end-" + end, BAD_ENDS[end])));
}

// ---- one device ------------------------------------------------------------

function missing(count)
{
	return count < 0
		? el("p", {class: "cut"}, "Left out here, the page would be too " +
			"large: result.json has it.")
		: count > 0
			? el("p", {class: "cut"}, `Cut here, ${plural(count, "byte")} ` +
				"more: result.json has them.")
			: null;
}

// Consecutive lines of one kind become one span.
function colored(lines, kindOf)
{
	const block = el("pre", {tabindex: "0"});
	let open = null, kind = null;
	for (const line of lines) {
		const next = kindOf(line);
		if (!open || next !== kind) {
			open = el("span", next ? {class: next} : null);
			block.append(open);
			kind = next;
		} else {
			open.append("\n");
		}
		open.append(line || (next ? " " : "\u200b"));
	}
	return block;
}

const DIFF = {"+": "plus", "-": "minus", "@": "hunk"};

function output(value)
{
	const shown = visible(value).replace(/\n+$/, "").replace(/^\n+/, "");
	if (/^@@ -\d+,\d+ \+\d+,\d+ @@$/m.test(shown))
		return colored(shown.split("\n"), line => DIFF[line[0]] || null);
	return el("pre", {tabindex: "0"}, shown);
}

function showText(number)
{
	const found = text(number);
	return [found.text.trim() ? output(found.text) : null,
		missing(found.missing)];
}

function number(line)
{
	return el("span", {class: "number"}, String(line).padStart(4));
}

// What was sent, marked, and below it what the device said to it.
function refusedLine(error)
{
	if (!error.sent && error.said === undefined)
		return [];
	const block = el("pre", {tabindex: "0"});
	const said = text(error.said);
	if (error.sent)
		block.append(el("span", {class: "refused"},
			number(error.line || ">"), visible(error.sent)));
	for (const line of visible(said.text).replace(/\s+$/, "").split("\n"))
		if (line || said.text.trim())
			block.append(el("span", null, number(" "), line || " "));
	return [block, missing(said.missing)];
}

function errorBlock(error, where, word)
{
	return el("div", {class: "error " + word},
		el("h3", null, error.kind.replace("_", " ") + where),
		el("p", null, visible(text(error.message).text)),
		...refusedLine(error));
}

function where(device)
{
	return (device.stage ? `, in stage ${device.stage}` : "") +
		(device.phase && run.phases.length > 1
			? `, phase ${device.phase}` : "");
}

function stepBlock(step, device)
{
	const sameError = step.error && device.error &&
		step.error.said === device.error.said &&
		step.error.sent === device.error.sent;
	const parts = [el("h3", null, visible(step.name || "step"),
		el("span", {class: "soft"}, `${run.phases.length > 1 && step.phase
			? `, ${visible(step.phase)}` : ""}: ${step.status}, ${
			took(step.ms || 0)}`))];
	if (step.error && !sameError)
		parts.push(errorBlock(step.error, "", "failed"));
	if (step.notes !== undefined)
		parts.push(el("p", {class: "soft"}, "The device also said:"),
			...showText(step.notes));
	if (step.diff !== undefined)
		parts.push(el("p", {class: "soft"}, "What would change:"),
			...showText(step.diff));
	parts.push(...showText(step.output));
	if (step.cut)
		parts.push(el("p", {class: "cut"},
			"Cut by netpush: a step keeps 1 MB of what was shown."));
	return el("div", {class: "step"}, ...parts);
}

function facts(device)
{
	const list = [visible(device.address), visible(device.type)];
	const times = stageTimes(visits[device.n]);
	if (device.attempts > 1)
		list.push(plural(device.attempts, "attempt"));
	if (device.at !== undefined)
		list.push(`started ${clock(run.started + device.at)}`);
	if (device.ms)
		list.push(`took ${took(device.ms)}`);
	if (times)
		list.push(times);
	return el("p", {class: "facts"}, list.join(" · "));
}

function detail(device)
{
	const same = alike.get(device.output) || 0;
	const cell = el("td", {colspan: "6"}, facts(device));
	if (device.error)
		cell.append(errorBlock(device.error, where(device), device.word));
	for (const step of device.steps || [])
		cell.append(stepBlock(step, device));
	if (!device.steps && !device.error)
		cell.append(el("p", {class: "soft"}, MEANS[device.word]));
	if (same > 1)
		cell.append(el("p", {class: "no-print"}, el("button",
			{type: "button", class: "link-button",
				onclick: () => filter({alike: device.output})},
			`${plural(same, "device")} show exactly this`)));
	return el("tr", {class: "detail"}, cell);
}

// ---- the table -------------------------------------------------------------

const names = new Intl.Collator("en", {numeric: true});
const COLUMNS = [
	{key: "status", words: "Status",
		order: (a, b) => a.rank - b.rank},
	{key: "host", words: "Device",
		order: (a, b) => names.compare(a.host, b.host)},
	{key: "type", words: "Platform",
		order: (a, b) => names.compare(a.type, b.type)},
	{key: "what", words: "What it came to",
		order: (a, b) => (a.error ? 0 : 1) - (b.error ? 0 : 1) ||
			names.compare(a.error ? a.error.kind : "",
				b.error ? b.error.kind : "") ||
			(alike.get(a.output) || 0) - (alike.get(b.output) || 0) ||
			(a.output || 0) - (b.output || 0)},
	{key: "at", words: "Start",
		order: (a, b) => (a.at === undefined ? Infinity : a.at) -
			(b.at === undefined ? Infinity : b.at) || 0},
	{key: "ms", words: "Took", order: (a, b) => (a.ms || 0) - (b.ms || 0)},
];

const view = {sort: "status", down: false, words: null, type: "", text: "",
	alike: null, limit: ROWS_AT_ONCE};
const open = new Set(); // numbers of devices
let shown = []; // devices, filtered and sorted

// Which texts hold WORDS; the texts in small letters are kept.
const small = [];
function textsWith(words)
{
	const found = new Uint8Array(texts.length);
	for (let i = 0; i < texts.length; i++) {
		if (small[i] === undefined)
			small[i] = text(i).text.toLowerCase();
		found[i] = small[i].includes(words) ? 1 : 0;
	}
	return found;
}

function holds(device, words, found)
{
	const has = value => value !== undefined &&
		value.toLowerCase().includes(words);
	const hasText = at => at >= 0 && found[at] === 1;
	const hasError = error => error && (has(error.kind) ||
		has(error.sent) || hasText(error.message) || hasText(error.said));
	return has(device.host) || has(device.address) ||
		hasError(device.error) || (device.steps || []).some(step =>
		has(step.name) || hasText(step.output) || hasText(step.notes) ||
			hasText(step.diff) ||
			hasError(step.error));
}

function select()
{
	const words = view.text.trim().toLowerCase();
	const found = words ? textsWith(words) : null;
	const column = COLUMNS.find(each => each.key === view.sort);
	const sign = view.down ? -1 : 1;
	shown = devices.filter(device =>
		(!view.words || view.words.has(device.word)) &&
		(!view.type || device.type === view.type) &&
		(view.alike === null || device.output === view.alike) &&
		(!words || holds(device, words, found)));
	shown.sort((a, b) => sign * column.order(a, b) || a.n - b.n);
}

function summary(device)
{
	if (device.error)
		return visible(`${device.error.kind.replace("_", " ")}: ${
			text(device.error.message).text}`);
	const same = alike.get(device.output);
	if (isCheck && device.would)
		return "would be changed";
	if (same > 1)
		return `same output as ${plural(same - 1, "other device")}`;
	return device.output >= 0 ? "output of its own" : "";
}

function row(device)
{
	const made = el("tr", {class: "device", "data-n": device.n},
		el("td", {class: "col-status"}, status(device.word)),
		el("td", {class: "col-host"}, el("button", {type: "button",
			class: "host", "aria-expanded": "false"},
		visible(device.host))),
		el("td", {class: "col-type"}, visible(device.type)),
		el("td", {class: "col-what"}, el("div", {class: device.error
			? "clip" : "clip soft"}, summary(device))),
		el("td", {class: "col-at"}, device.at === undefined ? "–"
			: clock(run.started + device.at)),
		el("td", {class: "col-ms"}, device.ms ? took(device.ms) : "–"));
	made.addEventListener("click", () => {
		if (!String(getSelection()).trim())
			toggle(device, made);
	});
	if (open.has(device.n))
		expand(device, made);
	return made;
}

function expand(device, at)
{
	at.classList.add("open");
	at.querySelector(".host").setAttribute("aria-expanded", "true");
	if (at.parentNode)
		at.after(detail(device));
	else
		at.later = detail(device);
}

function toggle(device, at)
{
	if (!open.delete(device.n)) {
		open.add(device.n);
		expand(device, at);
		return;
	}
	at.classList.remove("open");
	at.querySelector(".host").setAttribute("aria-expanded", "false");
	at.nextSibling.remove();
}

let drawn = 0; // rows of `shown` that are in the table

function drawRows(upTo)
{
	const batch = document.createDocumentFragment();
	for (; drawn < Math.min(upTo, shown.length); drawn++) {
		const made = row(shown[drawn]);
		batch.append(made);
		if (made.later)
			batch.append(made.later);
	}
	$("rows").append(batch);
	$("more").hidden = drawn >= shown.length;
}

function drawTable()
{
	drawn = 0;
	$("rows").replaceChildren();
	drawRows(view.limit);
	const all = shown.length === devices.length;
	$("shown").textContent = all ? plural(devices.length, "device")
		: `${shown.length.toLocaleString("en")} of ${
			plural(devices.length, "device")}`;
	$("reset").hidden = all;
	$("alike").hidden = view.alike === null;
	if (view.alike !== null)
		$("alike").textContent = "with one and the same output ✕";
	for (const column of COLUMNS) {
		const head = $("columns").querySelector(".col-" + column.key);
		if (column.key === view.sort)
			head.setAttribute("aria-sort",
				view.down ? "descending" : "ascending");
		else
			head.removeAttribute("aria-sort");
	}
	$("sort").value = view.sort;
	for (const button of $("statuses").children)
		button.setAttribute("aria-pressed", String(view.words !== null &&
			view.words.has(button.dataset.word)));
}

// Takes over what changed, and draws again. The timeline follows the filter,
// a moment later: the table is what one waits for.
let timelineDue = 0;
function filter(change)
{
	Object.assign(view, change, {limit: ROWS_AT_ONCE});
	select();
	drawTable();
	cancelAnimationFrame(timelineDue);
	timelineDue = requestAnimationFrame(() => drawTimeline(shown));
}

function sortBy(key)
{
	filter({sort: key, down: view.sort === key && !view.down});
}

function showAll()
{
	$("text").value = $("type").value = "";
	filter({words: null, type: "", text: "", alike: null});
}

// Brings a device into sight, opened.
function show(device)
{
	let at = shown.indexOf(device);
	if (at < 0) {
		showAll();
		at = shown.indexOf(device);
	}
	drawRows(at + ROWS_AT_ONCE);
	const found = $("rows").querySelector(`tr[data-n="${device.n}"]`);
	if (!open.has(device.n))
		toggle(device, found);
	found.scrollIntoView({block: "start"});
}

function drawControls()
{
	$("columns").replaceChildren(...COLUMNS.map(column => el("th",
		{class: "col-" + column.key, scope: "col"}, el("button",
			{type: "button", onclick: () => sortBy(column.key)},
			column.words))));
	$("sort").replaceChildren(...COLUMNS.map(column =>
		el("option", {value: column.key}, column.words)));
	$("sort").addEventListener("change",
		() => filter({sort: $("sort").value, down: false}));
	$("statuses").replaceChildren(...SEVERITY.filter(word => totals[word])
		.map(word => el("button", {type: "button", "data-word": word,
			title: MEANS[word], "aria-pressed": "false", class: word,
			onclick: () => {
				const words = new Set(view.words || []);
				if (!words.delete(word))
					words.add(word);
				filter({words: words.size ? words : null});
			}}, status(word), " " + totals[word].toLocaleString("en"))));
	const types = [...new Set(devices.map(device => device.type))];
	$("type").replaceChildren(el("option", {value: ""}, "all"),
		...types.sort(names.compare).map(
			type => el("option", {value: type}, type)));
	$("type").addEventListener("change",
		() => filter({type: $("type").value}));
	let due = 0;
	$("text").addEventListener("input", () => {
		clearTimeout(due);
		due = setTimeout(() => filter({text: $("text").value}), 80);
	});
	$("reset").addEventListener("click", showAll);
	$("alike").addEventListener("click", () => filter({alike: null}));
	$("more-button").addEventListener("click",
		() => drawRows(drawn + ROWS_AT_ONCE));
	new IntersectionObserver(seen => {
		if (seen.some(entry => entry.isIntersecting))
			drawRows(drawn + ROWS_AT_ONCE);
	}, {rootMargin: "600px"}).observe($("more"));
}

// On paper nothing can be opened: what went wrong is, and the table is whole.
let before = null;
addEventListener("beforeprint", () => {
	before = new Set(open);
	let left = DETAILS_PRINTED;
	for (const device of shown)
		if (device.error && device.word !== "skipped" && left-- > 0)
			open.add(device.n);
	view.limit = ROWS_PRINTED;
	drawTable();
	if (shown.length > ROWS_PRINTED)
		$("shown").textContent += `; the first ${ROWS_PRINTED} are printed`;
});
addEventListener("afterprint", () => {
	open.clear();
	for (const n of before || [])
		open.add(n);
	view.limit = ROWS_AT_ONCE;
	drawTable();
});

let width = 0;
new ResizeObserver(() => {
	if ($("timeline").clientWidth === width)
		return;
	width = $("timeline").clientWidth;
	drawTimeline(shown);
}).observe($("timeline"));

// report.html#BRANCH1_DIST1 opens that device.
function followAddress()
{
	let name = location.hash.slice(1);
	try {
		name = decodeURIComponent(name);
	} catch (broken) {
		return;
	}
	const device = devices.find(each => each.host === name);
	if (device)
		show(device);
}
addEventListener("hashchange", followAddress);

$("report").hidden = false;
drawHead();
drawLegend();
drawControls();
filter({});
followAddress();

})();
