import { defineConfig } from 'vitest/config';
import whole from './vitest.config.ts';

/** Tests beside the code that take more than about five seconds, or start many processes. */
export const SLOW = [
  'cli/app.test.ts',
  'cli/brought.test.ts',
  'cli/batch/batch.test.ts',
  'cli/commands/backup.test.ts',
  'cli/commands/upscale.test.ts',
  'cli/commands/video.test.ts',
  'cli/process.test.ts',
  'cli/region.test.ts',
  'cli/stop.test.ts',
  'engine/checkpoint/safetensors.fuzz.test.ts',
  'engine/jobs/engine.test.ts',
  'engine/jobs/region.test.ts',
  'engine/jobs/video.test.ts',
  'engine/media/metadata/fuzz.test.ts',
  'engine/methods/clips.test.ts',
  'engine/methods/generate-clip.test.ts',
  // It stands in for a package, which needs modules of its own.
  'engine/text/tokenizer.test.ts',
  'engine/text/tokenizerfile/hostile.test.ts',
  'engine/upscale/upscale.test.ts',
  'models/flux/family.test.ts',
  'models/registry.test.ts',
  'native/files.test.ts',
  'native/filmbrought.test.ts',
  'service/batch/archive.test.ts',
  'service/batch/kill.test.ts',
  'service/runner/client.test.ts',
  'service/runner/pulse.test.ts',
  'service/service.test.ts',
  'service/store/snapshot.test.ts',
];

/** Tests that cross rooms and are quick; the others start browsers and processes, or make pictures by the dozen. */
const CROSSING = ['test/{api-page,comments,fast,readme,rooms}.test.ts', 'test/parity/parity.test.ts'];

/** `npm run test:fast`: what a contributor runs after each change; measured at 41 and 50 s on two cores. */
export default defineConfig({
  ...whole,
  test: {
    ...whole.test,
    // Files share their modules: loading them anew for each took as long again.
    isolate: false,
    include: [
      '{api,bench,cli,contract,electron,engine,models,native,renderer,service,transport}/**/*.test.ts',
      ...CROSSING,
    ],
    exclude: [...(whole.test?.exclude ?? []), ...SLOW],
  },
});
