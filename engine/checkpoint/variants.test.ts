import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Files, folderOf, tensorsOf, thrownBy } from '../../test/checkpoint-files.ts';
import { chooseWeights, openChoice, weightChoices } from './variants.ts';

const PLAIN = 'diffusion_pytorch_model.safetensors';
const choose = (files: Files, wanted?: string) => chooseWeights(folderOf(files), PLAIN, wanted);
const names = (choices: readonly { readonly file: string }[]) => choices.map(({ file }) => basename(file));
const weights = tensorsOf({ a: [1] });

test('the plain file is preferred, the others are listed in a fixed order', () => {
  const { chosen, others } = choose({
    'diffusion_pytorch_model.fp16.safetensors': weights,
    'diffusion_pytorch_model.bf16.safetensors': weights,
    'model.safetensors': weights,
    [PLAIN]: weights,
    'diffusion_pytorch_model.non_ema.safetensors': weights,
    'notes.safetensors': weights,
  });
  expect(basename(chosen.file)).toBe(PLAIN);
  expect(names(others)).toEqual([
    'model.safetensors',
    'diffusion_pytorch_model.bf16.safetensors',
    'diffusion_pytorch_model.fp16.safetensors',
    'diffusion_pytorch_model.non_ema.safetensors',
  ]);
});

test('what a variant holds is told by its header and not by its name', () => {
  const { chosen } = choose({ 'model.fp16.safetensors': tensorsOf({ a: [1] }, 'BF16') });
  expect(chosen.variant).toBe('fp16');
  expect(openChoice(chosen)[0]?.tensors.get('a')?.dtype).toBe('BF16');
});

test('a variant can be asked for, and one that is not there is refused with a list of those that are', () => {
  const files = { [PLAIN]: weights, 'diffusion_pytorch_model.fp16.safetensors': weights };
  expect(choose(files, 'fp16').chosen.variant).toBe('fp16');
  const error = thrownBy(() => choose(files, 'bf16'));
  expect(error.kind).toBe('checkpoint-incomplete');
  expect(error.message).toMatch(/"bf16"; there are: the plain one, fp16/);
});

test('shards of a variant are found by both forms of their index', () => {
  for (const index of ['model.safetensors.index.fp16.json', 'model.fp16.safetensors.index.json']) {
    const shard = 'model.fp16-00001-of-00001.safetensors';
    const { chosen } = choose({ [index]: { weight_map: { a: shard } }, [shard]: weights });
    expect(chosen).toMatchObject({ variant: 'fp16', form: 'sharded' });
    expect(openChoice(chosen)).toHaveLength(1);
  }
});

test('a whole variant is taken when the plain form is only half downloaded', () => {
  const { chosen } = choose({
    'model.safetensors.index.json': { weight_map: { a: 'model-00001-of-00001.safetensors' } },
    'model.fp16.safetensors': weights,
  });
  expect(chosen.variant).toBe('fp16');
});

test('a broken index does not hide the sound file beside it', () => {
  const { chosen } = choose({ 'model.safetensors.index.json': '{', 'model.fp16.safetensors': weights });
  expect(chosen.variant).toBe('fp16');
});

test('without any weights the file that should be there is named', () => {
  const folder = folderOf({ 'config.json': {} });
  const error = thrownBy(() => chooseWeights(folder, PLAIN));
  expect(error).toMatchObject({ kind: 'checkpoint-incomplete', where: { file: join(folder, PLAIN) } });
});

test('shards without their index name the index', () => {
  const folder = folderOf({ 'diffusion_pytorch_model.fp16-00001-of-00002.safetensors': weights });
  const error = thrownBy(() => chooseWeights(folder, PLAIN));
  expect(error.where.file).toBe(join(folder, 'diffusion_pytorch_model.safetensors.index.json'));
});

test.each(['diffusion_pytorch_model.bin', 'pytorch_model.bin', 'model.ckpt', 'flux.pth'])(
  'a folder with only %s is refused with a sentence',
  (pickle) => {
    const folder = folderOf({ 'config.json': {}, [pickle]: 'PK\x03\x04' });
    const error = thrownBy(() => chooseWeights(folder, PLAIN));
    expect(error).toMatchObject({ kind: 'checkpoint-unsupported', where: { file: join(folder, pickle) } });
    expect(error.message).toMatch(/pickle file, which can run any program/);
  },
);

test('a folder that is not there is named', () => {
  expect(thrownBy(() => weightChoices('/nowhere/at/all'))).toMatchObject({
    kind: 'checkpoint-incomplete',
    where: { file: '/nowhere/at/all' },
  });
});
