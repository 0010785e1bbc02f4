import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Engine, openEngine } from '../../engine/index.ts';
import * as families from '../../models/registry.ts';
import { openImageCodec } from '../../native/images.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import type { EditTask } from './cases.ts';
import { type Contender, doNothing, newPromptSameSeed, productMethod, sdedit, trueTarget } from './contenders.ts';
import { captionFigures, ceiling } from './fidelity.ts';
import { Judge } from './judge.ts';
import { type Score, score } from './measure.ts';
import { type CaseResult, fileCases, ownCases, runContender, type SourcedCase } from './run.ts';
import { overlay, sheet } from './sheet.ts';
import { World } from './world.ts';

/**
 * `npm run edits -- [--cases N] [--seed S] [--out DIR] [--json]`: the table of edits on the embedded model. Two tasks (recolour, swap an
 * object), two kinds of source (rendered scenes read as files, the model's own pictures), every method beside its references.
 */

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '32' },
    seed: { type: 'string', default: '11' },
    out: { type: 'string', default: 'out/edits' },
    json: { type: 'boolean', default: false },
  },
});
const [count, seed] = [Number(options.cases), Number(options.seed)];
const tasks: readonly EditTask[] = ['recolour', 'swap'];
const embedded = decodeURIComponent(new URL('../../models/embedded', import.meta.url).pathname);

const SDEDIT_STRENGTHS = [0.4, 0.5, 0.6, 0.7];
const methodsOfTheProduct = [productMethod('flowedit'), productMethod('prompt-edit')];

const engine = openEngine({
  runtime: createOnnxRuntime(),
  families,
  places: { embedded },
  version: 'bench',
  clock: () => performance.now(),
});
const world = await World.open();
const judge = new Judge(world);
const lines: string[] = [];
const sheets = new Map<EditTask, readonly SourcedCase[]>();
const json: Record<string, unknown> = { cases: count, seed };

const say = (line = '') => {
  lines.push(line);
  if (!options.json) console.log(line);
};

const generated = await captionFigures(engine, world, judge, { count: Math.max(48, count * 2), seed: seed + 1000 });
const top = ceiling(world, judge, { count: 64, seed: seed + 2000 });
json.fidelity = { generated, ceiling: top };
say('Captions with one object, held-out seeds (and the judge on true renders):');
for (const [name, value] of Object.entries(generated.one))
  say(`  ${name.padEnd(12)} ${value.toFixed(3)}   (${(top.one[name as keyof typeof top.one] ?? 0).toFixed(3)})`);
say('Captions with two objects:');
for (const [name, value] of Object.entries(generated.two))
  say(`  ${name.padEnd(12)} ${value.toFixed(3)}   (${(top.two[name as keyof typeof top.two] ?? 0).toFixed(3)})`);

for (const kind of ['files', 'own'] as const) {
  const collect = kind === 'files' ? fileCases : ownCases;
  const lists = {
    recolour: await collect(engine, world, judge, 'recolour', count, seed),
    swap: await collect(engine, world, judge, 'swap', count, seed),
  };
  say();
  say(
    kind === 'files'
      ? `Sources: rendered scenes with two sprites, read from files (passed over, unread by the judge even when true: ${lists.recolour.passedOver} and ${lists.swap.passedOver})`
      : `Sources: the model's own pictures (passed over, not what their caption says: ${lists.recolour.passedOver} and ${lists.swap.passedOver})`,
  );
  say(`  ${'method'.padEnd(24)}${tasks.map((task) => task.padEnd(44)).join('')}`);
  say(`  ${''.padEnd(24)}${tasks.map(() => 'success  other  background  harmonic'.padEnd(44)).join('')}`);
  const contenders: readonly Contender[] =
    kind === 'files'
      ? [trueTarget(world), doNothing, ...SDEDIT_STRENGTHS.map((strength) => sdedit(strength)), ...methodsOfTheProduct]
      : [newPromptSameSeed, ...methodsOfTheProduct];
  const table: Record<string, Record<string, Score>> = {};
  for (const contender of contenders) {
    const row: Record<string, Score> = {};
    for (const task of tasks) {
      const results = await runContender(engine, world, judge, lists[task], contender);
      row[task] = score(results.map(({ figures }) => figures));
    }
    table[contender.name] = row;
    say(`  ${contender.name.padEnd(24)}${tasks.map((task) => cells(row[task]).padEnd(44)).join('')}`);
  }
  json[kind] = table;
  if (kind === 'files') for (const task of tasks) sheets.set(task, lists[task].cases.slice(0, 8));
}

await mkdir(options.out, { recursive: true });
for (const [task, shown] of sheets) await writeSheet(engine, shown, `${options.out}/${task}.png`);
await writeFile(`${options.out}/table.txt`, `${lines.join('\n')}\n`);
await writeFile(`${options.out}/table.json`, `${JSON.stringify(json, null, 2)}\n`);
if (options.json) console.log(JSON.stringify(json));
await engine.close();

function cells(row: Score | undefined): string {
  if (row === undefined) return '';
  return `${row.success.toFixed(2).padStart(7)}${row.otherKept.toFixed(2).padStart(7)}${`${row.backgroundDb.toFixed(1)} dB`.padStart(12)}${row.harmonic.toFixed(3).padStart(10)}`;
}

/** Source, flowedit, prompt-edit before pasting, the area, prompt-edit as delivered, and the map of a changed word. */
async function writeSheet(open: Engine, cases: readonly SourcedCase[], file: string): Promise<void> {
  const rows: (readonly (CaseResult['source'] | undefined)[])[] = [];
  for (const { edit, source } of cases) {
    const request = { checkpoint: 'embedded/image', prompt: edit.to, sourcePrompt: edit.from, seed: edit.seed };
    const flow = await open.run({ ...request, method: 'flowedit' }, { source });
    const ours = await open.run({ ...request, method: 'prompt-edit', maps: true }, { source });
    const changed = edit.target.objects[edit.edited];
    const word = edit.task === 'recolour' ? changed?.colour : changed?.object;
    const map = ours.maps.find((entry) => entry.word === word)?.image;
    const [result] = ours.images;
    rows.push([
      source,
      flow.unpasted,
      ours.unpasted,
      ours.mask === undefined ? undefined : overlay(source, ours.mask),
      result,
      map === undefined || result === undefined ? undefined : overlay(result, map),
    ]);
  }
  await writeFile(file, await openImageCodec().encode(sheet(rows, 1), 'png'));
}
