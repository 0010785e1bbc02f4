import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importComfy } from './importcomfy.ts';

/** Graphs of ComfyUI: its default one, with nodes put in or changed. */
type Inputs = Readonly<Record<string, unknown>>;
type Nodes = Readonly<Record<string, { readonly class_type: string; readonly inputs: Inputs }>>;
const node = (type: string, inputs: Inputs) => ({ class_type: type, inputs });
const encode = (text: unknown) => node('CLIPTextEncode', { text, clip: ['4', 1] });
const sampler = (change: Inputs = {}) =>
  node('KSampler', {
    seed: 42,
    steps: 20,
    cfg: 7,
    sampler_name: 'euler',
    scheduler: 'normal',
    denoise: 1,
    model: ['4', 0],
    positive: ['6', 0],
    negative: ['7', 0],
    latent_image: ['5', 0],
    ...change,
  });
const graph = (change: Nodes): Nodes => ({
  3: sampler(),
  4: node('CheckpointLoaderSimple', { ckpt_name: 'm.safetensors' }),
  5: node('EmptyLatentImage', { width: 512, height: 768, batch_size: 1 }),
  6: encode('a cat'),
  7: encode('dog'),
  8: node('VAEDecode', { samples: ['3', 0], vae: ['4', 2] }),
  9: node('SaveImage', { filename_prefix: 'x', images: ['8', 0] }),
  ...change,
});
const read = (change: Nodes) => importComfy(graph(change));
const request = (change: Nodes) => read(change)?.request;
const notes = (change: Nodes) => read(change)?.notes.join('\n') ?? '';
const base = {
  prompt: 'a cat',
  negative: 'dog',
  seed: 42,
  steps: 20,
  guidance: 7,
  size: { width: 512, height: 768 },
};
const without = (...keys: readonly (keyof typeof base)[]) =>
  Object.fromEntries(Object.entries(base).filter(([key]) => !keys.some((left) => left === key)));

describe('a value that comes by a link', () => {
  it.each([
    ['a primitive', node('PrimitiveInt', { value: 30 })],
    [
      'a primitive with a rule for its next value',
      node('PrimitiveInt', { value: 30, control_after_generate: 'fixed' }),
    ],
    ['a node of settings', node('Anything', { seed: 1, steps: 30, cfg: 6 })],
    ['a node of that setting alone', node('Steps', { steps: 30 })],
    ['a reroute', node('Reroute', { '': ['21', 0] })],
    ['a switch whose position is written', node('ImpactSwitch', { select: 2, input1: ['22', 0], input2: ['21', 0] })],
    ['a switch that takes the first', node('Any Switch (rgthree)', { any_02: ['21', 0] })],
  ])('through %s is followed', (_what, between) => {
    const change = {
      3: sampler({ steps: ['20', 1 - Number(between.class_type !== 'Anything')] }),
      20: between,
      21: node('PrimitiveInt', { value: 30 }),
      22: node('PrimitiveInt', { value: 99 }),
    };
    expect(request(change)).toEqual({ ...base, steps: 30 });
  });

  it('takes each setting of one node by its own name', () => {
    const change = {
      3: sampler({ seed: ['40', 0], steps: ['40', 1], cfg: ['40', 2] }),
      40: node('Sampler Settings', { seed: 5, steps: 30, cfg: 6 }),
    };
    expect(request(change)).toEqual({ ...base, seed: 5, steps: 30, guidance: 6 });
  });

  it.each([
    ['of a sum', node('Add', { a: 10, b: 20 })],
    ['of a node that has a name and more', node('Steps of a style', { steps: 30, style: 'fast' })],
    ['of a second output', node('PrimitivePair', { value: 30 }), 1],
    ['of a random draw', node('Random number', { number: 30 })],
    ['of a switch that a link moves', node('ImpactSwitch', { select: ['21', 0], input1: ['21', 0] })],
    ['of a node that is missing', undefined],
    ['of itself', node('Reroute', { x: ['20', 0] })],
  ])('%s is named, never guessed', (_what, from, slot = 0) => {
    const change: Nodes = {
      3: sampler({ steps: ['20', slot] }),
      ...(from && { 20: from }),
      21: node('PrimitiveInt', { value: 1 }),
    };
    expect(request(change)).toEqual(without('steps'));
    expect(notes(change)).toMatch(/Its number of steps comes from .*, whose value the file does not hold/);
  });
});

describe('a prompt', () => {
  const text = (from: ReturnType<typeof node>, more: Nodes = {}) => ({ 6: encode(['20', 0]), 20: from, ...more });

  it.each([
    ['StringConcatenate', { string_a: 'a cat', string_b: 'on a mat', delimiter: ', ' }, 'a cat, on a mat'],
    ['JoinStrings', { string1: 'a cat', string2: 'on a mat', delimiter: ' ' }, 'a cat on a mat'],
    ['JoinStringMulti', { inputcount: 2, string_1: 'a', string_10: 'c', string_2: 'b', delimiter: '-' }, 'a-b-c'],
    ['CR Text Concatenate', { text1: 'a cat', text2: 'on a mat', separator: '' }, 'a caton a mat'],
    ['Text Concatenate', { delimiter: ', ', clean_whitespace: 'true', text_a: 'a ', text_b: '', text_c: 'b' }, 'a, b'],
    ['StringFunction|pysssss', { action: 'append', tidy_tags: 'yes', text_a: 'a', text_b: 'b', text_c: '' }, 'a, b'],
    ['StringReplace', { string: 'a dog', find: 'dog', replace: 'cat' }, 'a cat'],
    ['StringTrim', { string: '  a cat ', mode: 'Both' }, 'a cat'],
    ['ImpactWildcardProcessor', { wildcard_text: 'a __pet__', populated_text: 'a cat', mode: 'populate' }, 'a cat'],
    ['SDXLPromptStyler', { text_positive: 'a cat', text_negative: 'dog', style: 'base' }, 'a cat'],
    ['ShowText|pysssss', { text: ['21', 0], text_0: 'of the run before' }, 'a cat'],
    ['Text Multiline', { text: 'a cat' }, 'a cat'],
  ])('of %s is read', (type, inputs, prompt) => {
    const change = text(node(type, inputs), { 21: node('PrimitiveString', { value: 'a cat' }) });
    expect(request(change)).toEqual({ ...base, prompt });
  });

  it('of joins in joins is read through', () => {
    const join = (one: unknown, other: unknown) =>
      node('StringConcatenate', { string_a: one, string_b: other, delimiter: ', ' });
    const change = text(join(['21', 0], ['22', 0]), {
      21: node('PrimitiveStringMultiline', { value: 'a cat' }),
      22: join('on a mat', ['23', 0]),
      23: node('Reroute', { x: ['21', 0] }),
    });
    expect(request(change)?.prompt).toBe('a cat, on a mat, a cat');
  });

  it.each([
    ['a random draw', node('DPRandomGenerator', { text: 'a {cat|dog}', seed: 3 }), ''],
    ['a join by unknown rules', node('My Text Concat', { text1: 'a cat', text2: 'on a mat' }), 'a cat ... on a mat'],
    [
      'a join with an unknown part',
      node('StringConcatenate', { string_a: 'a', string_b: ['21', 0], delimiter: '' }),
      'a',
    ],
    ['a style', node('SDXLPromptStyler', { text_positive: 'a cat', style: 'sai-anime' }), 'a cat'],
    ['a wildcard that was not drawn', node('ImpactWildcardProcessor', { wildcard_text: '__x__' }), '__x__'],
    ['a text that is shown', node('ShowText|pysssss', { text: ['21', 0], text_0: 'of a run' }), 'of a run'],
    ['a text in capitals', node('Text Upper', { text: 'a cat' }), ''],
  ])('of %s is named, with what stands there', (_what, from, hint) => {
    const change = text(from, { 21: node('OllamaGenerate', { prompt: 'improve this', model: 'x' }) });
    expect(request(change)).toEqual(without('prompt'));
    expect(notes(change)).toMatch(/Its prompt comes from the node/);
    if (hint !== '') expect(notes(change)).toContain(`There stands: "${hint}"`);
  });

  it.each([
    ['ConditioningConcat', { conditioning_to: ['20', 0], conditioning_from: ['21', 0] }],
    ['ConditioningConcat', { conditioning_from: ['21', 0], conditioning_to: ['20', 0] }],
    ['ConditioningCombine', { conditioning_1: ['20', 0], conditioning_2: ['21', 0] }],
    [
      'ConditioningAverage',
      { conditioning_to: ['20', 0], conditioning_from: ['21', 0], conditioning_to_strength: 0.5 },
    ],
  ])('of two texts in %s is both, in order, with a sentence', (type, inputs) => {
    const change = { 6: node(type, inputs), 20: encode('a cat'), 21: encode('on a mat') };
    expect(request(change)).toEqual({ ...base, prompt: 'a cat, on a mat' });
    expect(notes(change)).toContain(`joined of 2 texts that the graph reads one by one and combines ("${type}")`);
  });

  it('of which one text is not told is the rest, and said so', () => {
    const change = {
      6: node('ConditioningConcat', { conditioning_to: ['20', 0], conditioning_from: ['21', 0] }),
      20: encode('a cat'),
      21: encode(['22', 0]),
      22: node('Florence2Run', { image: 'x', task: 'caption' }),
    };
    expect(request(change)?.prompt).toBe('a cat');
    expect(notes(change)).toMatch(/A part of its prompt comes from the node "Florence2Run" \(22\)/);
  });

  it('that is held to a part of the picture is said to count for all', () => {
    const change = { 6: node('ConditioningSetArea', { conditioning: ['20', 0], width: 64 }), 20: encode('a cat') };
    expect(request(change)).toEqual(base);
    expect(notes(change)).toContain('holds it to a part of the picture');
  });

  it('is told from its opposite by the slot of what hands on both', () => {
    const apply = (slot: number) => ({
      3: sampler({ positive: ['20', slot], negative: ['20', 1 - slot] }),
      20: node('ControlNetApplyAdvanced', { positive: ['6', 0], negative: ['7', 0], strength: 1 }),
    });
    expect(request(apply(0))).toEqual(base);
    expect(request(apply(1))).toEqual({ ...base, prompt: 'dog', negative: 'a cat' });
    expect(notes(apply(0))).toContain('ControlNet');
  });

  it('of a loader that holds both is read, with its size', () => {
    const change = {
      3: sampler({ positive: ['20', 1], negative: ['20', 2], latent_image: ['20', 3] }),
      20: node('Efficient Loader', {
        ckpt_name: 'm',
        positive: 'a cat',
        negative: ['21', 0],
        empty_latent_width: 512,
        empty_latent_height: 768,
      }),
      21: node('PrimitiveString', { value: 'dog' }),
    };
    expect(request(change)).toEqual(base);
  });

  it('for several encoders is the first, and another that differs is named', () => {
    const change = { 6: node('CLIPTextEncodeSDXL', { text_g: 'a cat', text_l: 'soft light', clip: ['4', 1] }) };
    expect(request(change)).toEqual(base);
    expect(notes(change)).toContain('left out: "soft light"');
  });

  it('of a distilled model brings its guidance', () => {
    const change = { 6: node('CLIPTextEncodeFlux', { clip_l: 'a cat', t5xxl: 'a cat', guidance: 3.5 }) };
    expect(request(change)).toEqual({ ...base, guidance: 3.5 });
  });

  it('that reaches the sampler by inputs of its own is said not to be known', () => {
    const change = {
      3: node('SamplerCustomAdvanced', { noise: ['30', 0], guider: ['31', 0], latent_image: ['5', 0] }),
      30: node('RandomNoise', { noise_seed: 42 }),
      31: node('DualGuider', { first: ['6', 0], second: ['7', 0] }),
    };
    expect(request(change)).toEqual({ seed: 42, size: base.size });
    expect(notes(change)).toContain('Its prompt reaches the sampler in a way that is not known here.');
  });

  it('that was zeroed is none', () => {
    const change = { 3: sampler({ negative: ['20', 0] }), 20: node('ConditioningZeroOut', { conditioning: ['6', 0] }) };
    expect(request(change)).toEqual(without('negative'));
  });
});

describe('a size', () => {
  const from = (latent: ReturnType<typeof node>, more: Nodes = {}) => ({
    3: sampler({ latent_image: ['20', 0], denoise: 0.5 }),
    20: latent,
    ...more,
  });
  it('follows an enlargement whose factor or size is written', () => {
    const by = from(node('LatentUpscaleBy', { samples: ['5', 0], scale_by: 1.5 }));
    expect(request(by)?.size).toEqual({ width: 768, height: 1152 });
    const to = from(node('LatentUpscale', { samples: ['5', 0], width: 640, height: 960 }));
    expect(request(to)?.size).toEqual({ width: 640, height: 960 });
  });

  it.each([
    ['of a picture', node('VAEEncode', { pixels: ['21', 0] }), /size follows from the node "LoadImage"/],
    ['of an enlargement by a model', node('VAEEncode', { pixels: ['22', 0] }), /"ImageUpscaleWithModel"/],
    ['of a preset', node('SDXL Empty Latent Preset', { width: ['23', 0], height: 64 }), /"SDXL Empty Latent Preset"/],
    ['of the other side', node('LatentUpscale', { samples: ['5', 0], width: 640, height: 0 }), /"LatentUpscale"/],
  ])('%s is named', (_what, latent, note) => {
    const change = from(latent, {
      21: node('LoadImage', { image: 'x.png' }),
      22: node('ImageUpscaleWithModel', { image: ['21', 0] }),
      23: node('Ratio', { ratio: '3:4' }),
    });
    expect(request(change)).toEqual(without('size'));
    expect(notes(change)).toMatch(note);
  });

  it('of a second pass is that of the pass, which is no edit of a picture', () => {
    const change = from(node('LatentUpscaleBy', { samples: ['30', 0], scale_by: 2 }), { 30: sampler({ seed: 1 }) });
    expect(request(change)).toEqual({ ...base, size: { width: 1024, height: 1536 } });
    expect(notes(change)).toContain('made in 2 passes');
    expect(notes(change)).not.toContain('another picture (strength');
  });
});

describe('a graph', () => {
  it('that makes several pictures says that it does not tell which', () => {
    const change = {
      30: sampler({ seed: 1, positive: ['7', 0] }),
      31: node('VAEDecode', { samples: ['30', 0], vae: ['4', 2] }),
      32: node('SaveImage', { images: ['31', 0] }),
    };
    expect(notes(change)).toContain('makes several pictures');
    expect(notes({})).not.toContain('several pictures');
  });

  it('that shows a step on the way is that of the picture it saves', () => {
    const change = {
      1: node('PreviewImage', { images: ['31', 0] }),
      30: sampler({ seed: 1 }),
      31: node('VAEDecode', { samples: ['30', 0], vae: ['4', 2] }),
    };
    expect(request(change)?.seed).toBe(42);
    expect(notes(change)).not.toContain('several pictures');
  });

  it('that enlarges afterwards says so', () => {
    const change = {
      9: node('SaveImage', { images: ['20', 0] }),
      20: node('ImageUpscaleWithModel', { upscale_model: ['21', 0], image: ['8', 0] }),
      21: node('UpscaleModelLoader', { model_name: '4x' }),
    };
    expect(request(change)).toEqual(base);
    expect(notes(change)).toContain('enlarged afterwards by the node "ImageUpscaleWithModel"');
  });

  it('without a sampler that is known says so, and names its models', () => {
    const read = importComfy({
      1: node('easy fullLoader', { ckpt_name: 'm' }),
      2: node('easy kSampler', { pipe: ['1', 0] }),
    });
    expect(read).toMatchObject({ tool: 'ComfyUI', request: {} });
    expect(read?.notes.join()).toMatch(/No sampler.*"m"/);
  });

  it('of LoRAs that can be switched off names those that are on', () => {
    const loras = node('Power Lora Loader (rgthree)', {
      lora_1: { on: true, lora: 'fur', strength: 1 },
      lora_2: { on: false, lora: 'tail', strength: 1 },
    });
    expect(notes({ 30: loras })).toContain('"fur"');
    expect(notes({ 30: loras })).not.toContain('"tail"');
  });
});

describe("the editor's form of a graph", () => {
  const file = new URL('../../../test/madeby/workflow.json', import.meta.url);
  interface Form {
    nodes: { id: number; type: string; mode: number; inputs?: unknown; outputs?: unknown; widgets_values: unknown }[];
    links: unknown[][];
    definitions?: unknown;
  }
  const form = (change: (form: Form) => void) => {
    const made: Form = JSON.parse(readFileSync(file, 'utf8'));
    change(made);
    return importComfy(made);
  };
  const whole = { ...base, prompt: 'a cat, on a mat' };

  it('is read as the one that ran', () => {
    expect(form(() => {})?.request).toEqual(whole);
  });

  it('passes over muted nodes and through bypassed ones, reroutes, and values under a name', () => {
    const conditioning = { name: 'conditioning', type: 'CONDITIONING' };
    const read = form(({ nodes, links }) => {
      nodes.push(
        {
          id: 20,
          type: 'FluxGuidance',
          mode: 4,
          inputs: [{ ...conditioning, link: 20 }],
          outputs: [{ ...conditioning }],
          widgets_values: [3.5],
        },
        { id: 21, type: 'Reroute', mode: 0, inputs: [{ name: '', type: '*', link: 21 }], widgets_values: [] },
        { id: 22, type: 'SetNode', mode: 0, inputs: [{ ...conditioning, link: 22 }], widgets_values: ['good'] },
        { id: 23, type: 'GetNode', mode: 0, outputs: [{ ...conditioning }], widgets_values: ['good'] },
        {
          id: 24,
          type: 'SaveImage',
          mode: 2,
          inputs: [{ name: 'images', type: 'IMAGE', link: 9 }],
          widgets_values: ['y'],
        },
      );
      // 6 -> 22 "good" 23 -> 21 -> 20 (bypassed) -> 3
      links.push([22, 6, 0, 22, 0, 'C'], [21, 23, 0, 21, 0, 'C'], [20, 21, 0, 20, 0, 'C']);
      links[3] = [4, 20, 0, 3, 1, 'CONDITIONING'];
    });
    expect(read?.request).toEqual(whole);
  });

  it('reads widgets that a node declares, by name or in order, and no others', () => {
    const widget = (name: string) => ({ name, type: 'INT', link: null, widget: { name } });
    const steps = (settings: Readonly<Record<string, unknown>>) =>
      form(({ nodes, links }) => {
        const found = nodes.find(({ id }) => id === 3);
        if (!found || !Array.isArray(found.inputs)) throw new Error('no sampler');
        found.inputs.push({ name: 'steps', type: 'INT', link: 30, widget: { name: 'steps' } });
        links.push([30, 30, 1, 3, 4, 'INT']);
        const outputs = ['seed', 'steps'].map((name) => ({ name, type: 'INT' }));
        nodes.push({ id: 30, type: 'My Settings', mode: 0, outputs, widgets_values: [], ...settings });
      });
    const inputs = [widget('seed'), widget('steps')];
    expect(steps({ inputs, widgets_values: [1, 'fixed', 30] })?.request.steps).toBe(30);
    expect(steps({ inputs, widgets_values: [1, 30] })?.request.steps).toBe(30);
    expect(steps({ widgets_values: { seed: 1, steps: 30 } })?.request.steps).toBe(30);
    for (const read of [steps({ inputs, widgets_values: [1, 2, 30] }), steps({ widgets_values: [1, 30] })]) {
      expect(read?.request).not.toHaveProperty('steps');
      expect(read?.notes.join()).toContain('Its number of steps comes from the node "My Settings" (30)');
    }
  });

  it('of which a part is folded says so', () => {
    const read = form((made) => {
      made.definitions = { subgraphs: [{ id: 'x', nodes: [] }] };
    });
    expect(read?.notes.join()).toContain('folded into subgraphs');
  });
});

describe('hostile graphs', () => {
  it('end, whatever leads to what', () => {
    const links = (count: number, type: string, name: (index: number) => string) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [
          `n${at}`,
          node(
            type,
            Object.fromEntries(
              Array.from({ length: 60 }, (_unused, to) => [name(to), [`n${(at + to + 1) % count}`, 0]]),
            ),
          ),
        ]),
      );
    for (const many of [
      links(2000, 'ConditioningCombine', (to) => `conditioning_${to}`),
      links(2000, 'StringConcatenate', (to) => (to % 2 === 0 ? 'string_a' : 'string_b')),
      links(2000, 'JoinStringMulti', (to) => `string_${to}`),
      links(2000, 'VAEDecode', (to) => (to === 0 ? 'samples' : `x${to}`)),
      links(2000, 'SaveImage', (to) => `images${to}`),
    ]) {
      const change = { ...many, 3: sampler({ positive: ['n0', 0], latent_image: ['n0', 0] }), 6: encode(['n0', 0]) };
      expect(request(change)?.seed).toBe(42);
      expect(request({ ...many, 6: encode(['n0', 0]) })).not.toHaveProperty('prompt');
    }
  });

  it('do not grow: a text that doubles with every node, or by what it replaces', () => {
    const doubled = Object.fromEntries(
      Array.from({ length: 31 }, (_, at) => [
        `n${at}`,
        node('StringConcatenate', {
          string_a: at === 30 ? 'xxxxxxxxxx' : [`n${at + 1}`, 0],
          string_b: at === 30 ? 'x' : [`n${at + 1}`, 0],
          delimiter: '',
        }),
      ]),
    );
    expect(notes({ ...doubled, 6: encode(['n0', 0]) })).toMatch(
      /Its prompt comes from (?:texts that are longer|too many)/,
    );
    const replace = node('StringReplace', { string: 'x'.repeat(1e5), find: 'x', replace: 'y'.repeat(1e5) });
    expect(notes({ 20: replace, 6: encode(['20', 0]) })).toContain('texts that are longer than any prompt');
  });

  it('reach nothing but their own members', () => {
    const json: unknown = JSON.parse(
      '{"__proto__":{"class_type":"KSampler","inputs":{"seed":3,"__proto__":{"steps":9},"positive":["toString",0],"negative":["constructor",0]}},"constructor":{"class_type":"__proto__","inputs":{"text":"x"}}}',
    );
    expect(importComfy(json)?.request).toEqual({ seed: 3 });
    expect(Object.prototype).not.toHaveProperty('steps');
  });
});
