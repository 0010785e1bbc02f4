import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { elementCount } from '../base/tensor.ts';
import { componentClass } from './detect.ts';
import { openComponent, openModelFolder } from './folder.ts';
import { inspectCheckpoint } from './inspect.ts';
import { readSafetensors } from './safetensors.ts';

/** The conformance fixtures lie beside the repository, not in it. */
const FIXTURES = join(import.meta.dirname, '../../../shared/fixtures');
const here = existsSync(FIXTURES);
const names = here ? readdirSync(FIXTURES).sort() : [];
const withCheckpoint = names.filter((name) => existsSync(join(FIXTURES, name, 'checkpoint')));
const pipelines = names.filter((name) => existsSync(join(FIXTURES, name, 'model_index.json')));

describe.skipIf(!here)('the conformance fixtures in ../shared/fixtures (skipped where they are not)', () => {
  test('are there', () => {
    expect(withCheckpoint.length).toBeGreaterThan(0);
    expect(pipelines.length).toBeGreaterThan(0);
  });

  test.each(withCheckpoint)(
    '%s: the checkpoint opens, every tensor is read and finite, its class is recognised',
    (name) => {
      const folder = join(FIXTURES, name, 'checkpoint');
      const { config, weights } = openComponent(folder);
      expect(componentClass(weights)?.className).toBe(config.className);
      for (const tensor of weights.names) {
        const values = weights.read(tensor);
        expect(values.length).toBe(elementCount(weights.get(tensor).shape));
        expect(values.every(Number.isFinite)).toBe(true);
      }
      expect(inspectCheckpoint(folder)).toMatchObject({
        form: 'component',
        missing: [],
        faults: [],
        title: config.className,
      });
    },
  );

  test.each(pipelines)('%s: the pipeline opens with its components where the manifest says they lie', (name) => {
    const folder = join(FIXTURES, name);
    const { components } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    const elsewhere = Object.entries(components).map(([component, path]) => [component, join(folder, String(path))]);
    const model = openModelFolder(folder, Object.fromEntries(elsewhere));
    for (const { name: component, role } of model.components.values())
      if (role === 'scheduler')
        expect(model.config(component, 'scheduler_config.json').className).toMatch(/Scheduler$/);
      else expect(model.open(component).weights.names.length).toBeGreaterThan(0);
  });

  test('every other safetensors file of the fixtures has a sound header', () => {
    const files = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.safetensors'),
    );
    for (const path of files) readSafetensors(join(FIXTURES, path));
    expect(files.length).toBeGreaterThan(20);
  });
});
