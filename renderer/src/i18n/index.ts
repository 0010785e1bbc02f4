import i18n from 'i18next';
import { initReactI18next } from 'react-i18next';
import { de } from './de.ts';
import { en } from './en.ts';

/** Languages that the interface speaks: code -> its own name. */
export const LANGUAGES: Readonly<Record<string, string>> = { en: 'English', de: 'Deutsch' };

declare module 'i18next' {
  interface CustomTypeOptions {
    readonly resources: { readonly translation: typeof en };
  }
}

/** Changes the language of all texts; one that is not known is English. */
export async function speak(language: string): Promise<void> {
  const known = language in LANGUAGES ? language : 'en';
  if (i18n.language === known) return;
  await i18n.changeLanguage(known);
  document.documentElement.lang = known;
}

/** Called once before anything is drawn. */
export async function startTexts(): Promise<void> {
  await i18n.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en }, de: { translation: de } },
    // React escapes by itself.
    interpolation: { escapeValue: false },
  });
}
