import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EMBEDDED } from '../../native/package.ts';
import { NO_RUNTIME, openLocalEngine } from '../../service/open-engine.ts';
import { mutated, mutatedJson } from '../mutations.ts';
import { isTaken, type Target } from './target.ts';

/** Every JSON file that a checkpoint is read from, and an index of shards that it does not have. */
const FILES = [
  'model_index.json',
  'attune.json',
  'vocabulary.json',
  'scheduler/scheduler_config.json',
  'text_encoder/config.json',
  'transformer/config.json',
  'vae/config.json',
  'transformer/diffusion_pytorch_model.safetensors.index.json',
] as const;

const INDEX = {
  metadata: { total_size: 123456 },
  weight_map: { 'a.weight': 'diffusion_pytorch_model.safetensors', 'b.weight': 'model-00002-of-00002.safetensors' },
};

/** As a checkpoint comes in: it is inspected, planned with, and its words are read. */
export const checkpoints: readonly Target[] = [
  {
    name: 'the JSON of a checkpoint',
    budget: 200,
    async open() {
      const folder = await mkdtemp(join(tmpdir(), 'attune-fuzz-'));
      await cp(join(EMBEDDED, 'image'), folder, { recursive: true });
      const whole = await Promise.all(
        FILES.map((file) =>
          file.endsWith('index.json') && file !== 'model_index.json'
            ? JSON.stringify(INDEX)
            : readFile(join(folder, file), 'utf8'),
        ),
      );
      const places = { embedded: EMBEDDED, hubCache: join(folder, 'none'), folders: [] };
      return {
        async whole() {
          const engine = openLocalEngine({ places, version: '0', runtime: NO_RUNTIME, scratch: folder });
          engine.plan({ method: 'generate', checkpoint: folder, prompt: 'a red apple', seed: 1 }, {});
          await engine.close();
        },
        async round(random) {
          const at = random(FILES.length);
          const [file, text] = [join(folder, FILES[at] ?? ''), whole[at] ?? ''];
          const changed =
            random(3) === 0
              ? mutated(new TextEncoder().encode(text), random)
              : mutatedJson(JSON.parse(text) as unknown, random);
          await writeFile(file, changed);
          const engine = openLocalEngine({ places, version: '0', runtime: NO_RUNTIME, scratch: folder });
          try {
            const prompt = 'a red apple on grass';
            const request = { method: 'generate', checkpoint: folder, prompt, seed: 1 };
            const planned = await isTaken(() => engine.plan(request, {}));
            // The slower ones now and then.
            if (random(4) === 0) await isTaken(() => engine.inspect(folder));
            if (random(4) === 0) await isTaken(() => engine.vocabulary(folder));
            if (random(4) === 0) await isTaken(() => engine.readPrompt(folder, prompt));
            return planned;
          } finally {
            await engine.close();
            if (FILES[at]?.endsWith('safetensors.index.json')) await rm(file);
            else await writeFile(file, text);
          }
        },
        close: () => rm(folder, { recursive: true, force: true }),
      };
    },
  },
];
