import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import sharp from 'sharp';
import type { EditRequest } from '../../contract/index.ts';
import { stageFile } from '../../native/files.ts';
import { openImageCodec } from '../../native/images.ts';
import { fakeJob, killOptions } from '../../service/batch/kill-job.ts';
import { runBatch } from '../../service/batch/run.ts';
import { openQueue } from '../../service/queue/queue.ts';
import { openDatabase } from '../../service/store/database.ts';
import { openHistory } from '../../service/store/history.ts';
import { openJournal } from '../../service/store/journal.ts';
import { openMediaStore } from '../../service/store/media.ts';
import type { Told } from './told.ts';

/** Works with the real store, files and batches below a folder, and tells each thing once it was answered. Its calls of the system are recorded. */
const [root = '', roundsText = ''] = process.argv.slice(2);
const tell = (told: Told) => void writeSync(1, `${JSON.stringify(told)}\n`);
tell({ kind: 'begin' });

const database = openDatabase(join(root, 'state'), { idleMs: 5 });
const queue = openQueue(database);
const history = openHistory(database);
const journal = openJournal(database);
const media = openMediaStore(database, { data: join(root, 'data'), cache: join(root, 'cache') });
const request: EditRequest = { method: 'generate', checkpoint: 'embedded/image', prompt: 'x'.repeat(500), seed: 1 };
const { record } = await fakeJob({ request });

for (let round = 1; round <= Number(roundsText); round += 1) {
  journal.append([new TextEncoder().encode(String(round).padEnd(3000, '.'))]);
  tell({ kind: 'entry', number: round });
  const job = queue.submit({ request: { ...request, seed: round } });
  tell({ kind: 'job', job });
  const background = { r: round, g: 0, b: 0 };
  const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer();
  const result = await media.put('a.png', new Uint8Array(bytes));
  tell({ kind: 'picture', sha256: result.ref.sha256 });
  if (round % 3 !== 0) {
    database.transaction(() => {
      history.add({
        id: job,
        createdMs: round,
        request,
        record,
        result,
        maps: [],
        figures: {},
        warnings: [],
      });
      queue.drop(job);
    });
    queue.forget(job);
    tell({ kind: 'done', job });
  }
  const settings = await stageFile(join(root, 'settings.json'), Buffer.from(JSON.stringify({ round })), {
    replace: true,
  });
  await settings.commit();
  tell({ kind: 'settings', round });
  // Now and then long enough for the log to be moved into the file.
  if (round % 4 === 0) await pause(30);
}
await runBatch({
  ...killOptions(join(root, 'batch'), openImageCodec()),
  onProgress: ({ status, file }) => {
    if (status === 'done' && file !== undefined) tell({ kind: 'file', file });
  },
});
tell({ kind: 'end' });
database.close();
