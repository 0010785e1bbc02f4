/** What there is in the world and how captions speak of it; written to world.json, which both languages read. */
import { PLACES, SIDE } from './places.mjs';

/** Side of a sprite, of its cell, of a token, in pixels. */
export const SPRITE = 56;
const CELL = 64;
const TOKEN = 16;

/** `emoji` is the key in @iconify-json/fluent-emoji; synonyms are for the user interface, not for training. */
export const OBJECTS = [
  { name: 'apple', emoji: 'red-apple', synonyms: ['apples', 'fruit'] },
  { name: 'mushroom', emoji: 'mushroom', synonyms: ['toadstool', 'fungus', 'mushrooms'] },
  { name: 'cat', emoji: 'cat-face', synonyms: ['kitten', 'kitty', 'cats'] },
  { name: 'bird', emoji: 'bird', synonyms: ['parrot', 'robin', 'birds'] },
  { name: 'whale', emoji: 'spouting-whale', synonyms: ['dolphin', 'orca', 'whales'] },
  { name: 'turtle', emoji: 'turtle', synonyms: ['tortoise', 'turtles'] },
  { name: 'tulip', emoji: 'tulip', synonyms: ['flower', 'rose', 'tulips', 'flowers'] },
  { name: 'star', emoji: 'star', synonyms: ['stars'] },
  { name: 'heart', emoji: 'red-heart', synonyms: ['hearts', 'love'] },
  { name: 'car', emoji: 'automobile', synonyms: ['automobile', 'vehicle', 'cars', 'auto'] },
  { name: 'house', emoji: 'house', synonyms: ['home', 'cottage', 'hut', 'building', 'houses'] },
  { name: 'balloon', emoji: 'balloon', synonyms: ['balloons'] },
  { name: 'octopus', emoji: 'octopus', synonyms: ['squid', 'jellyfish'] },
  { name: 'crab', emoji: 'crab', synonyms: ['lobster', 'crabs'] },
  { name: 'fish', emoji: 'tropical-fish', synonyms: ['goldfish', 'fishes'] },
  { name: 'pig', emoji: 'pig-face', synonyms: ['piglet', 'pigs'] },
  { name: 'dinosaur', emoji: 'sauropod', synonyms: ['dino', 'brontosaurus', 'dinosaurs'] },
  { name: 'cactus', emoji: 'cactus', synonyms: ['cacti'] },
  { name: 'tree', emoji: 'deciduous-tree', synonyms: ['oak', 'trees'] },
  { name: 'moon', emoji: 'crescent-moon', synonyms: ['crescent'] },
  { name: 'bell', emoji: 'bell', synonyms: ['bells'] },
  { name: 'crown', emoji: 'crown', synonyms: ['tiara', 'crowns'] },
  { name: 'umbrella', emoji: 'umbrella', synonyms: ['parasol', 'umbrellas'] },
  { name: 'gift', emoji: 'wrapped-gift', synonyms: ['present', 'box', 'parcel', 'gifts'] },
  { name: 'dog', emoji: 'dog-face', synonyms: ['puppy', 'hound', 'dogs'] },
  { name: 'owl', emoji: 'owl', synonyms: ['owls'] },
  { name: 'strawberry', emoji: 'strawberry', synonyms: ['berry', 'raspberry', 'strawberries'] },
  { name: 'banana', emoji: 'banana', synonyms: ['bananas'] },
  { name: 'teapot', emoji: 'teapot', synonyms: ['pot', 'kettle', 'jug', 'teapots'] },
  { name: 'book', emoji: 'closed-book', synonyms: ['novel', 'books'] },
  { name: 'dress', emoji: 'dress', synonyms: ['gown', 'skirt', 'dresses'] },
  { name: 'guitar', emoji: 'guitar', synonyms: ['violin', 'ukulele', 'guitars'] },
  { name: 'pear', emoji: 'pear', synonyms: ['pears'] },
  { name: 'eggplant', emoji: 'eggplant', synonyms: ['aubergine'] },
  { name: 'snail', emoji: 'snail', synonyms: ['slug', 'snails'] },
  { name: 'ladybug', emoji: 'lady-beetle', synonyms: ['beetle', 'ladybird'] },
  { name: 'glove', emoji: 'gloves', synonyms: ['mitten', 'gloves'] },
  { name: 'tent', emoji: 'tent', synonyms: ['camp', 'tents'] },
  { name: 'hat', emoji: 'top-hat', synonyms: ['hats'] },
  { name: 'lamp', emoji: 'light-bulb', synonyms: ['bulb', 'light'] },
  { name: 'key', emoji: 'key', synonyms: ['keys'] },
  { name: 'helicopter', emoji: 'helicopter', synonyms: ['chopper', 'aircraft'] },
  { name: 'boot', emoji: 'hiking-boot', synonyms: ['shoe', 'boots', 'shoes'] },
  { name: 'cupcake', emoji: 'cupcake', synonyms: ['cake', 'muffin'] },
  { name: 'pineapple', emoji: 'pineapple', synonyms: ['ananas'] },
  { name: 'pepper', emoji: 'hot-pepper', synonyms: ['chili', 'chilli', 'peppers'] },
  { name: 'scarf', emoji: 'scarf', synonyms: ['scarves', 'shawl'] },
  { name: 'jeans', emoji: 'jeans', synonyms: ['trousers', 'pants'] },
  { name: 'scooter', emoji: 'motor-scooter', synonyms: ['moped', 'vespa', 'motorbike'] },
  { name: 'clock', emoji: 'alarm-clock', synonyms: ['watch', 'alarm'] },
  { name: 'ball', emoji: 'basketball', synonyms: ['basketball', 'balls'] },
  { name: 'sunflower', emoji: 'sunflower', synonyms: ['daisy', 'sunflowers'] },
  { name: 'clover', emoji: 'four-leaf-clover', synonyms: ['shamrock', 'leaf'] },
  { name: 'cherry', emoji: 'cherries', synonyms: ['cherries'] },
  { name: 'grapes', emoji: 'grapes', synonyms: ['grape'] },
  { name: 'watermelon', emoji: 'watermelon', synonyms: ['melon'] },
  { name: 'penguin', emoji: 'penguin', synonyms: ['penguins'] },
  { name: 'bear', emoji: 'bear', synonyms: ['bears', 'teddy'] },
  { name: 'backpack', emoji: 'backpack', synonyms: ['rucksack', 'bag'] },
  { name: 'diamond', emoji: 'gem-stone', synonyms: ['gem', 'jewel', 'crystal'] },
];

export const COLOURS = [
  { name: 'red', target: [222, 38, 44], synonyms: ['crimson', 'scarlet'] },
  { name: 'yellow', target: [250, 212, 48], synonyms: ['golden', 'gold'] },
  { name: 'green', target: [58, 172, 72], synonyms: ['emerald', 'lime'] },
  { name: 'blue', target: [44, 108, 232], synonyms: ['navy', 'azure', 'cyan'] },
  { name: 'purple', target: [140, 66, 204], synonyms: ['violet', 'lilac'] },
  { name: 'pink', target: [246, 128, 188], synonyms: ['magenta'] },
  { name: 'orange', target: [246, 135, 31], synonyms: ['amber', 'tangerine'] },
  { name: 'white', target: [240, 240, 244], synonyms: ['ivory', 'silver'] },
];

/** Top-left corners of the 64 px cell that each position word may mean; all on the 16 px token lattice. */
const POSITIONS = [
  {
    name: 'left',
    phrase: 'on the left',
    cells: [
      [0, 16],
      [0, 48],
    ],
  },
  {
    name: 'right',
    phrase: 'on the right',
    cells: [
      [64, 16],
      [64, 48],
    ],
  },
  { name: 'center', phrase: 'in the center', cells: [[32, 32]] },
  {
    name: 'top',
    phrase: 'at the top',
    cells: [
      [16, 0],
      [48, 0],
    ],
  },
  {
    name: 'bottom',
    phrase: 'at the bottom',
    cells: [
      [16, 64],
      [48, 64],
    ],
  },
];

const PLACE_SYNONYMS = {
  sky: ['in the air', 'in the clouds', 'on the sky'],
  grass: ['on the grass', 'in the grass', 'on a meadow', 'in a field', 'on the lawn'],
  sand: ['on the sand', 'on the beach', 'in the desert', 'on a beach'],
  night: ['in the night', 'in the dark', 'under the stars', 'in space'],
  snow: ['in the snow', 'on the snow', 'in winter'],
  stone: ['on the stone', 'on stones', 'on the pavement', 'on rock', 'on cobbles'],
  sea: ['in the water', 'in the ocean', 'under water', 'underwater', 'in water'],
  sunset: ['at dusk', 'in the sunset', 'at dawn', 'at sunrise', 'in the evening'],
};

/** Words the tokenizer knows, in the order of their ids from 2 on (0 padding, 1 unknown). */
function words() {
  const list = ['a', 'an', 'and', ',', 'the', 'in', 'on', 'at'];
  for (const position of POSITIONS) list.push(position.name);
  for (const place of PLACES) list.push(place.name);
  list.push(...COLOURS.map((c) => c.name), ...OBJECTS.map((o) => o.name));
  list.push('of', 'with', 'photo', 'picture', 'happy', 'cute', 'small', 'big', '.');
  return [...new Set(list)];
}

/** [object, colour] names of the combinations that no training caption holds. */
function heldOutPairs() {
  return OBJECTS.flatMap((o, i) => COLOURS.flatMap((c, k) => ((3 * i + 5 * k) % 16 === 2 ? [[o.name, c.name]] : [])));
}

/**
 * Pairs of objects that no training scene shows together, by a rule that spreads them. Only pairs with an object beyond the
 * first dozen: that was learned, pairs and all, before any were held out.
 */
function heldOutTogether() {
  return OBJECTS.flatMap((a, i) =>
    OBJECTS.flatMap((b, k) => (i < k && k >= 12 && (5 * i + 7 * k) % 13 === 3 ? [[a.name, b.name]] : [])),
  );
}

/** The whole of world.json. */
export function worldDescription() {
  return {
    schema: 'attune-world/1',
    canvas: { width: SIDE, height: SIDE, token: TOKEN, cell: CELL, sprite: SPRITE, air: (CELL - SPRITE) / 2 },
    composition:
      'Start from tile (place) of places.png rolled right by roll pixels: background[y][x] = tile[y][(x - roll) mod 128]. ' +
      'For every object in order, for every pixel of its 56x56 sprite, at cell corner + 4 px in both directions: ' +
      'out = floor((fg*a + bg*(255-a) + 127) / 255) per channel, integers only.',
    sprites: {
      file: 'sprites.png',
      tile: SPRITE,
      rows: OBJECTS.map((o) => o.name),
      columns: ['natural', ...COLOURS.map((c) => c.name)],
    },
    places: {
      file: 'places.png',
      tile: SIDE,
      rolls: [0, 32, 64, 96],
      items: PLACES.map((p) => ({ name: p.name, phrase: p.phrase, synonyms: PLACE_SYNONYMS[p.name] })),
    },
    objects: OBJECTS.map(({ name, emoji, synonyms }) => ({
      name,
      emoji,
      synonyms,
    })),
    colours: COLOURS,
    positions: POSITIONS,
    grammar: {
      one: '{a|an} [colour] object [position], place',
      two: 'one_without_place and one_without_place, place',
      shareOfTwo: 0.5,
      colourWord: 0.85,
      positionLeftOut: 0.1,
      placeLeftOut: 0.05,
      emptyPrompt: 0.1,
      filler: 0.03,
      leftRight: 0.7,
      swapMention: 0.3,
      unseeable: [['white', 'snow']],
    },
    heldOut: {
      rule: '(3*objectIndex + 5*colourIndex) mod 16 == 2 with red = 0; natural colours are never held out',
      object: 3,
      colour: 5,
      modulus: 16,
      remainder: 2,
      pairs: heldOutPairs(),
      together: heldOutTogether(),
      cells: [
        ['sea', 'center'],
        ['sunset', 'top'],
        ['sunset', 'center'],
      ],
    },
    tokenizer: { length: 26, size: 128, pad: 0, unknown: 1, begin: 126, end: 127, firstWord: 2, words: words() },
  };
}
