import type { MethodTexts } from './methodtexts.ts';

/** German texts of methods and their parameters, by id and name. */
export const methodsDe: Readonly<Record<string, MethodTexts>> = {
  generate: {
    title: 'Erzeugen',
    summary: 'Erzeugt aus einem Prompt ein Bild, oder einen Clip, so lang, wie ihn das Modell auf einmal macht.',
    params: {
      dynamicGuidance: {
        title: 'Dynamische Guidance',
        summary:
          'Die Guidance ändert sich über die Schritte wie in den veröffentlichten Beispielen von CogVideoX, statt gleich zu bleiben.',
      },
      perFrameNoise: {
        title: 'Rauschen je Bild',
        summary:
          'Anteil der Schritte, in denen jedes Bild eigenes Rauschen hat; danach gehen alle von demselben aus, was Ruhendes ruhig hält. 1: bis zum Ende.',
      },
    },
  },
  'prompt-edit': {
    title: 'Nach Prompt bearbeiten',
    summary: 'Ändert, was die geänderten Wörter sagen, dort, wo es ist, und lässt den Rest von Bild oder Clip.',
    params: {
      strength: {
        title: 'Stärke',
        summary: 'Anteil der Schritte, die bearbeiten: mehr ändert die Form, weniger behält sie.',
      },
      kappa: {
        title: 'Kontinuität',
        summary:
          'Wie viel der Änderung früheren Rauschens weitergetragen wird: 1 folgt der Quelle eng, 0 springt zu jeder neuen Schätzung.',
      },
      crossReplaceSteps: {
        title: 'Gemeinsame Wörter bis',
        summary: 'Anteil der Schritte, in denen Wörter, die beide Prompts haben, dorthin sehen wie in der Quelle.',
      },
      selfReplaceSteps: {
        title: 'Aufbau bis',
        summary:
          'Anteil der Schritte, in denen der Aufbau der Quelle bleibt; hoch für Farben und Stoffe, niedrig für neue Formen.',
      },
      replaced: {
        title: 'Ersetzte Wörter',
        summary: 'Wohin ein ersetztes Wort sieht.',
        choices: {
          own: { title: 'Wohin sie wollen', summary: 'Wohin es will: für Dinge anderer Form.' },
          source: {
            title: 'Wie in der Quelle',
            summary: 'Wohin das Wort sah, das es ersetzt: für Dinge mit demselben Umriss.',
          },
        },
      },
      sourceGuidance: {
        title: 'Guidance der Quelle',
        summary: 'Guidance-Skala des Prompts der Quelle; höher entfernt mehr von dem, was er sagt.',
      },
      nAvg: {
        title: 'Rauschproben je Schritt',
        summary: 'Mittelt die Änderung über mehrere Rauschproben: ruhiger, und entsprechend langsamer.',
      },
      blend: {
        title: 'Den Rest behalten',
        summary: 'Findet den Bereich der geänderten Wörter über die Attention und lässt alles außerhalb unberührt.',
      },
      maskSource: {
        title: 'Bereich aus',
        summary: 'Was sagt, wo die geänderten Wörter sind.',
        choices: {
          change: { title: 'Änderung', summary: 'Wo sich die Vorhersagen beider Prompts unterscheiden.' },
          attention: { title: 'Attention', summary: 'Wo das Bild auf den Text achtet, der sich unterscheidet.' },
          both: { title: 'Beidem', summary: 'Wo beide übereinstimmen.' },
        },
      },
      threshold: {
        title: 'Schwelle des Bereichs',
        summary:
          'Wie stark eine Stelle zu den geänderten Wörtern gehören muss, um bearbeitet zu werden; niedriger ergibt einen größeren Bereich.',
      },
      dilation: {
        title: 'Rand des Bereichs',
        summary: 'Um so viele Bild-Tokens wird der Bereich auf jeder Seite erweitert.',
      },
    },
  },
  flowedit: {
    title: 'FlowEdit',
    summary:
      'Folgt dem Unterschied zweier Prompts von der Quelle zum Ergebnis, ohne Inversion und ohne in die Attention einzugreifen.',
    params: {
      strength: {
        title: 'Stärke',
        summary: 'Anteil der Schritte, die bearbeiten: mehr ändert Form und Aufbau, weniger behält sie.',
      },
      sourceGuidance: {
        title: 'Guidance der Quelle',
        summary: 'Guidance-Skala des Prompts der Quelle; höher entfernt mehr von dem, was er sagt.',
      },
      nAvg: {
        title: 'Rauschproben je Schritt',
        summary: 'Mittelt die Änderung über mehrere Rauschproben: ruhiger, und entsprechend langsamer.',
      },
      tail: {
        title: 'Freie letzte Schritte',
        summary: 'Letzte Schritte, die nur dem neuen Prompt folgen; für Änderungen des Stils.',
      },
    },
  },
  inpaint: {
    title: 'Übermalen',
    summary: 'Malt den maskierten Bereich nach einem Prompt neu und lässt jedes andere Pixel, wie es war.',
    params: {
      strength: {
        title: 'Stärke',
        summary: 'Wie viel von dem vergessen wird, was unter der Maske war: 1 beginnt mit reinem Rauschen.',
      },
    },
  },
  sdedit: {
    title: 'Bild zu Bild',
    summary: 'Verrauscht die Quelle ein Stück weit und macht sie nach einem Prompt neu; nur der Aufbau bleibt.',
    params: {
      strength: {
        title: 'Stärke',
        summary: 'Anteil der Schritte, die laufen: mehr folgt dem Prompt, weniger behält die Quelle.',
      },
    },
  },
  ditctrl: {
    title: 'Mehrere Prompts',
    summary: 'Macht ein langes Video aus aufeinander folgenden Prompts, von denen jeder in den nächsten übergeht.',
    params: {
      joining: {
        title: 'Verbindung',
        summary: 'Wie Fenster aufeinander folgen.',
        choices: {
          blend: {
            title: 'Überblendet',
            summary: 'Sie überlappen, und Bilder, die zwei von ihnen machen, werden gemischt.',
          },
          cut: { title: 'Schnitt', summary: 'Jedes entsteht für sich, und eines folgt dem anderen mit einem Schnitt.' },
        },
      },
      overlap: {
        title: 'Überlappung',
        summary:
          'Latente Bilder, die benachbarte Fenster teilen; mehr macht langsamere Übergänge. 0: sechs Dreizehntel eines Fensters.',
      },
      transitions: {
        title: 'Übergangsfenster',
        summary: 'Fenster zwischen zwei Prompts, die ein Mittel aus beiden zeigen; mehr macht längere Übergänge.',
      },
      sharing: {
        title: 'Geteilte Attention',
        summary:
          'Ob ein Fenster Keys und Values des vorigen liest, wodurch Gezeigtes über Prompts hinweg gleich bleibt.',
      },
      shareFrom: {
        title: 'Geteilt ab',
        summary: 'Anteil der Schritte, bevor Attention geteilt wird; mehr lässt einen neuen Prompt den Aufbau ändern.',
      },
      shareUntil: {
        title: 'Geteilt bis',
        summary:
          'Anteil der Schritte, nach dem Attention nicht mehr geteilt wird; weniger lässt Einzelheiten sich ändern.',
      },
      sharedLayers: {
        title: 'Geteilte Schichten',
        summary:
          'Anteil der Schichten des Netzes, der letzten, in denen Attention geteilt wird; mehr behält mehr der Szene.',
      },
      subject: {
        title: 'Motiv',
        summary:
          'Ein Wort jedes Prompts: Was es nennt, liest im Fenster davor nur sich selbst, der Rest nur den Rest. Leer: keine Masken.',
      },
      threshold: {
        title: 'Schwelle des Motivs',
        summary: 'Ab welchem Anteil der Karte des Wortes eine Stelle zum Motiv gehört; weniger macht das Motiv größer.',
      },
      unconditional: {
        title: 'Ausgangspunkt der Guidance',
        summary: 'Wovon die Guidance wegführt.',
        choices: {
          prompt: { title: 'Negativer Prompt', summary: 'Der negative Prompt, leer, wenn es keinen gibt.' },
          zero: {
            title: 'Nullen',
            summary: 'Textzustände aus Nullen, wie veröffentlicht; ein negativer Prompt wird nicht gelesen.',
          },
        },
      },
      dynamicGuidance: {
        title: 'Dynamische Guidance',
        summary:
          'Die Guidance ändert sich über die Schritte wie in den veröffentlichten Beispielen, statt gleich zu bleiben.',
      },
      perFrameNoise: {
        title: 'Rauschen je Bild',
        summary:
          'Anteil der Schritte, in denen jedes Bild eigenes Rauschen hat; danach gehen alle von demselben aus, was Ruhendes ruhig hält. 1: bis zum Ende.',
      },
    },
  },
};
