import type { Vocabulary } from '../../contract/index.ts';
import { nearest } from '../base/spelling.ts';
import { isSpoken, type PromptWord } from './prompt.ts';
import { spellingsOf } from './spellings.ts';

/** A stretch of a prompt that a model does not know, and what to say for it. */
export interface UnknownPhrase {
  /** As it was typed, with single spaces. */
  readonly text: string;
  /** The known word for it; absent when nothing comes near. */
  readonly instead?: string;
  /** Whether `instead` only looks alike: a guess that it was mistyped. */
  readonly isGuess?: true;
}

/**
 * The unknown words of a prompt, each once. With a vocabulary each is told with the known word it most likely means: by the longest
 * synonym around it (`on the beach`), by its singular or plural, as the noun of a place (`in the meadow` where `on a meadow` is a
 * synonym), or by the nearest spelling.
 */
export function unknownPhrases(
  words: readonly PromptWord[],
  unknown: readonly PromptWord[],
  vocabulary: Vocabulary | undefined,
): readonly UnknownPhrase[] {
  const starts = new Set(unknown.map(({ start }) => start));
  const around = phrasesIn(words, vocabulary);
  const found = new Map<string, UnknownPhrase>();
  let from = 0;
  for (const [at, word] of words.entries()) {
    if (at < from || !starts.has(word.start)) continue;
    const { start, end, ...meaning } = around(at, from);
    from = end;
    const text = words
      .slice(start, end)
      .map((part) => part.text)
      .join(' ');
    if (!found.has(text.toLowerCase())) found.set(text.toLowerCase(), { text, ...meaning });
  }
  return [...found.values()];
}

/** Words [start, end) of a prompt, and what to say for them. */
export interface PhraseMatch extends Pick<UnknownPhrase, 'instead' | 'isGuess'> {
  readonly start: number;
  readonly end: number;
}

/** What an unknown word of a prompt means, by its place, together with its neighbours from a place on where they belong to it. */
export function phrasesIn(
  words: readonly PromptWord[],
  vocabulary: Vocabulary | undefined,
): (at: number, from: number) => PhraseMatch {
  if (vocabulary === undefined) return (at) => ({ start: at, end: at + 1 });
  const matcher = new Matcher(
    words.map(({ text }) => text.toLowerCase()),
    knownOf(vocabulary),
  );
  return (at, from) => matcher.around(at, from);
}

/** Phrases that a sentence names before it only counts the rest. */
const PHRASES_NAMED = 20;

/** `"kitten" (say "cat"), "hosue" (did you mean "house"?) and "spaceship"` */
export function namePhrases(phrases: readonly UnknownPhrase[]): string {
  const named = phrases.slice(0, PHRASES_NAMED).map(({ text, instead, isGuess }) => {
    if (instead === undefined) return `"${text}"`;
    return `"${text}" ${isGuess ? `(did you mean "${instead}"?)` : `(say "${instead}")`}`;
  });
  if (phrases.length > PHRASES_NAMED) named.push(`${phrases.length - PHRASES_NAMED} more`);
  const [last = '', ...before] = named.reverse();
  return before.length === 0 ? last : `${before.reverse().join(', ')} and ${last}`;
}

/** Shorter words are articles and the like: `as` is no plural. */
const SHORTEST_NOUN = 3;

/** Shorter words are near to too many others: a hat is no cat. */
const SHORTEST_GUESS = 4;

/** A vocabulary as words are looked up in it. */
interface Known {
  readonly spellings: ReadonlyMap<string, string>;
  readonly longestPhrase: number;
  /** The first phrase that ends with a word. */
  readonly phraseEndingWith: ReadonlyMap<string, string>;
  /** First words of phrases, and all but their last. */
  readonly openers: ReadonlySet<string>;
  readonly small: ReadonlySet<string>;
  /** What the spellings mean, in their order. */
  readonly meanings: readonly string[];
  /** Places of nouns in the order of spellings, by themselves and by their plurals. */
  readonly nouns: ReadonlyMap<string, number>;
  readonly plurals: ReadonlyMap<string, number>;
  /** Single words that a mistyped one may mean, by their first letters. */
  readonly guesses: ReadonlyMap<string, readonly string[]>;
}

const knownVocabularies = new WeakMap<Vocabulary, Known>();

function knownOf(vocabulary: Vocabulary): Known {
  const known = knownVocabularies.get(vocabulary) ?? readKnown(spellingsOf(vocabulary));
  knownVocabularies.set(vocabulary, known);
  return known;
}

function readKnown(spellings: ReadonlyMap<string, string>): Known {
  const phrases = [...spellings.keys()].map((spelling) => spelling.split(' ')).filter(({ length }) => length > 1);
  const phraseEndingWith = new Map<string, string>();
  for (const words of phrases) {
    const last = words.at(-1) ?? '';
    if (!phraseEndingWith.has(last)) phraseEndingWith.set(last, words.join(' '));
  }
  const nouns = new Map<string, number>();
  const plurals = new Map<string, number>();
  const guesses = new Map<string, string[]>();
  for (const [place, spelling] of [...spellings.keys()].entries()) {
    if (spelling.length >= SHORTEST_NOUN) {
      nouns.set(spelling, place);
      for (const plural of pluralsOf(spelling)) if (!plurals.has(plural)) plurals.set(plural, place);
    }
    if (spelling.length >= SHORTEST_GUESS && !spelling.includes(' '))
      guesses.set(spelling.charAt(0), [...(guesses.get(spelling.charAt(0)) ?? []), spelling]);
  }
  return {
    spellings,
    longestPhrase: Math.max(0, ...phrases.map(({ length }) => length)),
    phraseEndingWith,
    openers: new Set(phrases.map(([first = '']) => first)),
    small: new Set(phrases.flatMap((words) => words.slice(0, -1))),
    meanings: [...spellings.values()],
    nouns,
    plurals,
    guesses,
  };
}

/** Looks up the words of one prompt. */
class Matcher {
  readonly #words: readonly string[];
  readonly #known: Known;

  constructor(words: readonly string[], known: Known) {
    this.#words = words;
    this.#known = known;
  }

  around(at: number, from: number): PhraseMatch {
    const word = this.#words[at] ?? '';
    const alone = { start: at, end: at + 1 };
    const phrase = this.#phraseAround(at, from);
    if (phrase !== undefined) return phrase;
    const same = this.#known.spellings.get(word) ?? this.#otherNumber(word);
    if (same !== undefined) return { ...alone, instead: same };
    const place = this.#placeEndingAt(at, from);
    if (place !== undefined) return place;
    const guess = this.#alike(word);
    return guess === undefined ? alone : { ...alone, instead: guess, isGuess: true };
  }

  #phraseAround(at: number, from: number): PhraseMatch | undefined {
    for (let length = this.#known.longestPhrase; length > 1; length--)
      for (let start = Math.max(from, at - length + 1); start <= at; start++) {
        const instead = this.#known.spellings.get(this.#words.slice(start, start + length).join(' '));
        if (instead !== undefined && start + length <= this.#words.length)
          return { start, end: start + length, instead };
      }
    return undefined;
  }

  /** The first noun of which the word is a plural, or that is a plural of the word. */
  #otherNumber(word: string): string | undefined {
    const { nouns, plurals } = this.#known;
    const places = [plurals.get(word), ...pluralsOf(word).map((plural) => nouns.get(plural))];
    const first = Math.min(...places.filter((place) => place !== undefined));
    return this.#known.meanings[first];
  }

  /** A phrase's last word behind other small words than were thought of, where it is not part of a longer name (`in a dark forest`). */
  #placeEndingAt(at: number, from: number): PhraseMatch | undefined {
    const { phraseEndingWith, spellings, openers, small } = this.#known;
    const instead = spellings.get(phraseEndingWith.get(this.#words[at] ?? '') ?? '');
    const next = this.#words[at + 1];
    if (instead === undefined || (next !== undefined && isSpoken(next) && !openers.has(next))) return undefined;
    for (let start = at - 1; start >= from && small.has(this.#words[start] ?? ''); start--)
      if (openers.has(this.#words[start] ?? '')) return { start, end: at + 1, instead };
    return undefined;
  }

  /** A word of the same first letter, where people rarely mistype. */
  #alike(word: string): string | undefined {
    const { guesses, spellings } = this.#known;
    // What is much longer than any word was not mistyped.
    const candidates = word.length > LONGEST_GUESS ? [] : (guesses.get(word.charAt(0)) ?? []);
    const guess = nearest(word, candidates);
    if (guess !== undefined) return spellings.get(guess);
    // A beginning of several spellings is clear where all of them mean one thing: umbr is umbrella and umbrellas.
    const begun = candidates.filter((spelling) => word.length >= SHORTEST_NOUN && spelling.startsWith(word));
    const [meant, ...others] = new Set(begun.map((spelling) => spellings.get(spelling)));
    return others.length === 0 ? meant : undefined;
  }
}

const LONGEST_GUESS = 64;

function pluralsOf(word: string): readonly string[] {
  return [`${word}s`, `${word}es`, word.replace(/y$/, 'ies')].filter((plural) => plural !== word);
}
