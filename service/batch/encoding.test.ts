import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttuneError } from '../../engine/index.ts';
import { decodeText } from './encoding.ts';

/** Bytes of a text in an older encoding, by what the decoder makes of every one and two bytes. */
function encode(text: string, encoding: string): Uint8Array {
  const table = tables.get(encoding) ?? new Map<string, readonly number[]>();
  if (!tables.has(encoding)) {
    const decoder = new TextDecoder(encoding, { fatal: true });
    const add = (bytes: readonly number[]) => {
      try {
        const character = decoder.decode(Uint8Array.from(bytes));
        if ([...character].length === 1 && !table.has(character)) table.set(character, bytes);
      } catch {
        // No character.
      }
    };
    for (let one = 0; one < 256; one++) add([one]);
    for (let one = 0x81; one < 256; one++) for (let two = 0x30; two < 256; two++) add([one, two]);
    tables.set(encoding, table);
  }
  return Uint8Array.from([...text].flatMap((character) => table.get(character) ?? [63]));
}
const tables = new Map<string, Map<string, readonly number[]>>();

const wide = (text: string, isBig: boolean, hasMark: boolean) =>
  Uint8Array.from(
    `${hasMark ? '\ufeff' : ''}${text}`
      .split('')
      .map((unit) => unit.charCodeAt(0))
      .flatMap((unit) => (isBig ? [unit >> 8, unit & 255] : [unit & 255, unit >> 8])),
  );

const LATIN =
  'prompt,seed\n"une forêt brumeuse à l’aube, très détaillée",3\n"ein grünes Haus mit Straße",4\nniño sueña,5\n';

describe('a text file', () => {
  it('is read as UTF-8 and UTF-16, with and without its mark', () => {
    const text = 'a red apple\nein grünes Haus, ein 猫 😀\n';
    for (const bytes of [
      new TextEncoder().encode(text),
      new TextEncoder().encode(`\ufeff${text}`),
      wide(text, false, true),
      wide(text, true, true),
      wide(text, false, false),
      wide(text, true, false),
    ])
      expect(decodeText(bytes, 'x.txt')).toEqual({ text, notes: [] });
  });

  it.each([
    ['windows-1252', LATIN],
    ['windows-1252', 'prompt,seed\na café in São Paulo,3\n'],
    ['macintosh', 'prompt\nun café à Genève, très détaillé\n'],
    ['shift_jis', '赤いリンゴ、草の上\n青い猫と白い犬\n'],
    ['euc-jp', '赤いリンゴ、草の上\n青い猫と白い犬\n'],
    [
      'gb18030',
      '一只红色的猫坐在草地上，背景是蓝色的天空和白色的云朵，阳光明媚，画面清晰，细节丰富\n我们在这里看到的是一个美丽的地方\n',
    ],
    [
      'big5',
      '一隻紅色的貓坐在草地上，背景是藍色的天空和白色的雲朵，這是我們的地方\n他說這個人不是我的朋友，但是我們都在一起\n',
    ],
    [
      'euc-kr',
      '빨간 사과가 풀밭 위에 있다 그리고 파란 고양이가 있는 그림을 그리고 싶다\n이 사람은 그 집에 가는 길에 있다\n',
    ],
    [
      'windows-1251',
      'красное яблоко на траве, синяя кошка и белая собака, что это такое\nэто не только для того чтобы\n',
    ],
    ['koi8-r', 'красное яблоко на траве, синяя кошка и белая собака, что это такое\nэто не только для того чтобы\n'],
  ])('in %s is read and told, or refused by name, never garbled', (encoding, text) => {
    const bytes = encode(text, encoding);
    expect(new TextDecoder(encoding).decode(bytes)).toBe(text);
    let read: ReturnType<typeof decodeText>;
    try {
      read = decodeText(bytes, 'x.csv');
    } catch (error) {
      expect(error).toMatchObject({ kind: 'request-invalid', message: expect.stringContaining('save it as UTF-8') });
      return;
    }
    expect(read.text).toBe(text);
    expect(read.notes).toEqual([expect.stringContaining(`read as ${encoding}`)]);
  });

  it('of the West and of Japan is not merely refused', () => {
    expect(decodeText(encode(LATIN, 'windows-1252'), 'x.csv').text).toBe(LATIN);
    expect(decodeText(encode('赤いリンゴ', 'shift_jis'), 'x.txt').text).toBe('赤いリンゴ');
  });

  it('is read in the encoding that is named', () => {
    expect(decodeText(encode('красное', 'koi8-r'), 'x.txt', 'koi8-r')).toEqual({ text: 'красное', notes: [] });
    expect(() => decodeText(Uint8Array.of(65), 'x.txt', 'latin-99')).toThrow(/no encoding "latin-99"/);
    expect(() => decodeText(Uint8Array.of(0xff), 'x.txt', 'utf-8')).toThrow(/not written in utf-8/);
  });

  it.each([
    [[0x50, 0x4b, 3, 4, 0, 0], /packed document \(\.xlsx/],
    [[0xd0, 0xcf, 0x11, 0xe0, 0xa1], /older Office document/],
    [[0xff, 0xfe, 0, 0, 65, 0, 0, 0], /UTF-32/],
    [[65, 0, 0, 0, 66, 1, 2, 3], /zero bytes/],
    [[0xff, 0xfe, 0x00, 0xd8], /damaged or not written in utf-16le/],
  ])('that is none is refused by what it is', (bytes, what) => {
    expect(() => decodeText(Uint8Array.from(bytes), 'x.csv')).toThrow(what);
  });

  it('of any bytes is read without replacement signs, or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          // A file may hold the sign itself.
          if (!bytes.join().includes('239,191,189')) expect(decodeText(bytes, 'x').text).not.toContain('\ufffd');
        } catch (error) {
          expect(error).toBeInstanceOf(AttuneError);
        }
      }),
      { numRuns: 3000, seed: 8 },
    );
  });
});
