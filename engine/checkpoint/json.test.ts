import { expect, test } from 'vitest';
import { AttuneError } from '../base/errors.ts';
import { type JsonRules, type JsonValue, parseJson } from './json.ts';

const RULES: JsonRules = { maxDepth: 8, maxMembers: 100 };
const parse = (text: string, rules: JsonRules = RULES) => parseJson(text, 'config.json', rules);

/** Maps back to plain objects, to compare with JSON.parse. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

test.each([
  '{}',
  '[]',
  '""',
  '0',
  '-0',
  '1e-5',
  '-12.5E+3',
  'null',
  'true',
  'false',
  ' [ 1 , 2 ] ',
  '{"a":{"b":[{"c":null}]}}',
  '"\\u00e9\\ud835\\udcb3\\"\\\\\\/\\b\\f\\n\\r\\t"',
  '["\\\\", "\\\\\\"", ""]',
  '{"":0,"\\u0000":1}',
])('reads %s as JSON.parse does', (text) => {
  expect(plain(parse(text))).toEqual(JSON.parse(text));
});

test.each([
  '',
  ' ',
  '{',
  '[',
  '"',
  '{"a"}',
  '{"a":}',
  '[1,]',
  '{"a":1,}',
  '01',
  '+1',
  '.5',
  '1.',
  '1e',
  'NaN',
  'Infinity',
  'nul',
  'tru',
  "'a'",
  '[1 2]',
  '"\\u12"',
  '"\\x"',
  '"\n"',
  '"\u0000"',
  '{"a":1}}',
  '\ufeff{}',
  '\u00a0{}',
  '"\\',
  '"\\"',
  '1e999',
])('refuses %j', (text) => {
  expect(() => parse(text)).toThrow(AttuneError);
});

test('refuses a key that stands twice, also in another spelling, and says where', () => {
  for (const text of ['{"x":{"a":1,"a":1}}', '{"x":{"a":1,"\\u0061":2}}'])
    expect(() => parse(text)).toThrow(/config\.json: The JSON is broken at "x" > "a" .* stands twice/);
});

test('refuses half a surrogate pair', () => {
  for (const text of ['"\\ud800"', '"\\udc00x"', '{"\\ud835":1}']) expect(() => parse(text)).toThrow(/surrogate/);
});

test('bounds nesting and members while reading', () => {
  expect(parse('[[[[[[[[]]]]]]]]')).toEqual([[[[[[[[]]]]]]]]);
  expect(() => parse('['.repeat(9))).toThrow(/deeper than 8/);
  expect(() => parse('['.repeat(30_000_000))).toThrow(/deeper than 8/);
  expect(() => parse(`[${'1,'.repeat(100)}1]`)).toThrow(/more than 100 members/);
});

test('keeps __proto__ as a key like any other', () => {
  expect(parse('{"__proto__":{"x":1}}')).toEqual(new Map([['__proto__', new Map([['x', 1]])]]));
});

test('agrees with JSON.parse on 20,000 mutated texts, except where it is meant to be stricter', () => {
  const alphabet = '{}[]",:\\u0123456789eE+-. ntrf';
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
  const base = '{"a":[1,-2.5e3,"x\\n\\u0041"],"b":{"c":true,"d":null},"e":""}';
  for (let round = 0; round < 20_000; round += 1) {
    const at = random(base.length);
    const text = base.slice(0, at) + (alphabet[random(alphabet.length)] ?? '') + base.slice(at + random(3));
    const theirs = result(() => JSON.parse(text));
    const ours = result(() => plain(parse(text)));
    if (ours.failed !== theirs.failed && !/stands twice|surrogate|too large/.test(ours.message))
      throw new Error(`${text}: ${ours.message} / ${theirs.message}`);
    if (!ours.failed) expect(ours.value).toEqual(theirs.value);
  }
});

function result(act: () => unknown): { failed: boolean; value: unknown; message: string } {
  try {
    return { failed: false, value: act(), message: '' };
  } catch (error) {
    return { failed: true, value: undefined, message: String(error) };
  }
}
