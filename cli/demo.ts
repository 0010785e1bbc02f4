import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolder, naming } from '../native/files.ts';
import { SAMPLE } from '../native/package.ts';
import { main } from './app.ts';
import { EXIT } from './errors.ts';
import { runHere } from './here.ts';

/** `npm run demo`: one edit of the sample by prompt, through the same command a user types, and where its pictures are. */
const FROM = 'a red car on the left and a blue house on the right, on sand';
const TO = 'a green car on the left and a blue house on the right, on sand';

const folder = resolve('out', 'demo');
const [source, edited, maps] = [join(folder, 'source.png'), join(folder, 'edited.png'), join(folder, 'maps')];

const argv = ['edit', source, '--from', FROM, '--to', TO, '--seed', '7', '-o', edited, '--maps', maps, '--force'];

await runHere(async (host) => {
  await makeFolder(folder);
  await naming(source, () => copyFile(SAMPLE, source));
  await host.writeOut(`from: ${FROM}\nto:   ${TO}\n\n`);
  const code = await main(argv, host);
  if (code !== EXIT.ok) return code;
  await host.writeOut(
    [
      '',
      `before: ${source}`,
      `after:  ${edited}`,
      `where each word is, and where the picture was allowed to change: ${maps}`,
      '',
      'The same on a picture of yours: npx attune edit IN --from TEXT --to TEXT -o OUT',
      '',
    ].join('\n'),
  );
  return code;
});
