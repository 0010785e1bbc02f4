import { openImageCodec } from '../../native/images.ts';
import { killOptions } from './kill-job.ts';
import { runBatch } from './run.ts';

/** The process that the kill test kills: runs the batch of `kill-job.ts` into the folder that it is given, telling every result. */
const [folder = '', resume] = process.argv.slice(2);
await runBatch({
  ...killOptions(folder, openImageCodec()),
  resume: resume === 'resume',
  onProgress: ({ status, file, job }) => {
    if (status === 'done') process.stdout.write(`${job} ${file}\n`);
  },
});
