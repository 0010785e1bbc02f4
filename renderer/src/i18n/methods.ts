import type { MethodDescription, ParamSchema } from '../../../contract/index.ts';
import { methodsDe } from './methods.de.ts';
import type { MethodTexts } from './methodtexts.ts';

/** By language; English is what methods say of themselves. */
const METHODS: Readonly<Record<string, Readonly<Record<string, MethodTexts>>>> = { de: methodsDe };

/** The method with its texts in a language; what has none there keeps its own. */
export function methodIn(language: string, method: MethodDescription): MethodDescription {
  const texts = METHODS[language]?.[method.id];
  if (texts === undefined) return method;
  const { title, summary } = texts;
  return { ...method, title, summary, params: method.params.map((param) => paramIn(param, texts)) };
}

function paramIn(param: ParamSchema, { params }: MethodTexts): ParamSchema {
  const texts = params?.[param.name];
  if (texts === undefined) return param;
  const { title, summary, choices } = texts;
  if (param.type !== 'choice') return { ...param, title, summary };
  return {
    ...param,
    title,
    summary,
    choices: param.choices.map((choice) => ({ ...choice, ...choices?.[choice.value] })),
  };
}
