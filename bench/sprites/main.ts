import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AttuneError } from '../../engine/index.ts';
import { openImageCodec } from '../../native/images.ts';
import { plannedMethods } from './methods/registry.ts';
import { openBench } from './open.ts';
import { type Options, readOptions, USAGE, UsageError } from './options.ts';
import { openProgress } from './progress.ts';
import { runPlan } from './run.ts';
import { sectionSheet } from './sheets.ts';
import { sectionLines, sectionsAsData } from './table.ts';

/** `npm run spritebench`: every method on every task of the embedded model's world. */

const EMBEDDED = fileURLToPath(new URL('../../models/embedded', import.meta.url));

try {
  const argv = process.argv.slice(2);
  if (argv.includes('--help')) console.log(USAGE);
  else await run(readOptions(argv));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else console.error(error instanceof AttuneError || error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function run(options: Options): Promise<void> {
  const progress = openProgress(process.stderr, () => performance.now());
  const bench = await openBench({ embedded: EMBEDDED, progress, ...options });
  try {
    const sections = await runPlan(bench, options);
    const lines = [
      `SpriteBench, seed ${options.seed}`,
      ...sections.flatMap((section) => ['', ...sectionLines(section)]),
      '',
      `No code yet: ${Object.entries(plannedMethods)
        .map(([name, what]) => `${name} (${what})`)
        .join(', ')}`,
    ];
    const data = {
      seed: options.seed,
      cases: options.cases,
      tables: sectionsAsData(sections),
      planned: plannedMethods,
    };
    console.log(options.json ? JSON.stringify(data) : lines.join('\n'));
    await writeFile(join(options.out, 'table.txt'), `${lines.join('\n')}\n`);
    await writeFile(join(options.out, 'table.json'), `${JSON.stringify(data, null, 1)}\n`);
    if (!options.sheets) return;
    for (const section of sections) {
      const name = `${section.task.id}${section.sourceKind === 'none' ? '' : `-${section.sourceKind}`}.png`;
      progress.tell(sections.indexOf(section), sections.length, `sheet ${name}`);
      await writeFile(
        join(options.out, name),
        await openImageCodec().encode(await sectionSheet(bench, section), 'png'),
      );
    }
    progress.clear();
  } finally {
    await bench.close();
  }
}
