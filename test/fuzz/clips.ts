import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFfmpeg } from '../../native/ffmpeg.ts';
import { decodeFilm, filmFormat, filmInfo } from '../../native/film.ts';
import { openFilm } from '../../native/filmwriter.ts';
import { mutated } from '../mutations.ts';
import { isTaken, type Target } from './target.ts';

const { env } = process;
const hasFfmpeg = findFfmpeg(env) !== undefined && findFfmpeg(env, 'ffprobe') !== undefined;

/** As a clip comes in: what it is, its size and tags, its frames. Each takes ffmpeg and ffprobe, which is why there are few. */
export const clips: readonly Target[] = (['mp4', 'webm'] as const).map((format) => ({
  name: format,
  budget: 30,
  ...(!hasFfmpeg && { skip: 'there is no ffmpeg here' }),
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'attune-fuzz-'));
    const path = join(folder, `clip.${format}`);
    const film = openFilm(path, { format, fps: 6, env });
    for (let frame = 0; frame < 4; frame += 1) {
      const data = Uint8Array.from({ length: 32 * 24 * 3 }, (_, at) => (at * 5 + frame * 40) % 256);
      await film.write({ width: 32, height: 24, channels: 3, data });
    }
    await film.finish({ title: 'a', comment: 'b', description: 'c' });
    const whole = await readFile(path);
    return {
      whole: async () => void (await decodeFilm(path, format, env)),
      async round(random) {
        const bytes = mutated(whole, random);
        const found = filmFormat(bytes);
        if (found === undefined) return false;
        await writeFile(path, bytes);
        return isTaken(async () => {
          await filmInfo(path, found, env);
          await decodeFilm(path, found, env);
        });
      },
      close: () => rm(folder, { recursive: true, force: true }),
    };
  },
}));
