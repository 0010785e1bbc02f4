import { expect, test } from 'vitest';
import { currentPage, renderPage } from './api-page.ts';

test('docs/api.md is what the doc comments say (npm run docs:api makes it anew)', () => {
  expect(currentPage()).toBe(renderPage());
});

test('the page says what the functions do and what they throw', () => {
  const page = renderPage();
  expect(page).toContain('function openEngine(options?: OpenOptions): Promise<Engine>');
  expect(page).toContain("Throws AttuneError 'file-failed' or 'media-invalid', naming the file.");
  expect(page).toMatch(/^- `run\(request: EditRequest, /m);
  expect(page).toMatch(/^- `prompt: string`: What the result shows/m);
});
