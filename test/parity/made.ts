import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A fixture folder that a test makes up: its manifest, and the tensors of its files. */
export interface MadeFixture {
  readonly manifest: unknown;
  readonly files: Readonly<Record<string, Readonly<Record<string, { shape: readonly number[]; data: Float32Array }>>>>;
}

export async function writeFixture(directory: string, { manifest, files }: MadeFixture): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
  for (const [file, tensors] of Object.entries(files)) {
    let offset = 0;
    const header = Object.fromEntries(
      Object.entries(tensors).map(([name, { shape, data }]) => {
        const range = [offset, offset + data.byteLength];
        offset += data.byteLength;
        return [name, { dtype: 'F32', shape, data_offsets: range }];
      }),
    );
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const parts = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    await writeFile(join(directory, file), Buffer.concat([length, text, ...parts]));
  }
}
