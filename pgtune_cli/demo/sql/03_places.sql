-- Where customers live: a city decides its region, country, zip codes and language.
create temporary table place as
select * from (values
    (650, 'DE', 'Berlin', 'Berlin', '10', 'de'), (280, 'DE', 'Hamburg', 'Hamburg', '20', 'de'),
    (270, 'DE', 'Bayern', 'Munich', '80', 'de'), (210, 'DE', 'Nordrhein-Westfalen', 'Cologne', '50', 'de'),
    (160, 'DE', 'Hessen', 'Frankfurt', '60', 'de'), (130, 'DE', 'Baden-Württemberg', 'Stuttgart', '70', 'de'),
    (100, 'DE', 'Sachsen', 'Leipzig', '04', 'de'), (90, 'DE', 'Bayern', 'Nuremberg', '90', 'de'),
    (440, 'FR', 'Île-de-France', 'Paris', '75', 'fr'), (250, 'FR', 'Auvergne-Rhône-Alpes', 'Lyon', '69', 'fr'),
    (230, 'FR', 'Provence-Alpes-Côte d''Azur', 'Marseille', '13', 'fr'),
    (170, 'FR', 'Occitanie', 'Toulouse', '31', 'fr'), (460, 'GB', 'Greater London', 'London', 'SE1 ', 'en'),
    (220, 'GB', 'Greater Manchester', 'Manchester', 'M1 ', 'en'), (120, 'GB', 'Scotland', 'Edinburgh', 'EH1 ', 'en'),
    (430, 'ES', 'Comunidad de Madrid', 'Madrid', 'E-28', 'es'), (400, 'ES', 'Cataluña', 'Barcelona', 'E-08', 'es'),
    (150, 'ES', 'Andalucía', 'Sevilla', 'E-41', 'es'), (350, 'IT', 'Lazio', 'Rome', 'I-00', 'it'),
    (380, 'IT', 'Lombardia', 'Milan', 'I-20', 'it'), (150, 'IT', 'Piemonte', 'Turin', 'I-10', 'it'),
    (420, 'AT', 'Wien', 'Vienna', 'A-1', 'de'), (120, 'AT', 'Steiermark', 'Graz', 'A-8', 'de'),
    (260, 'CH', 'Zürich', 'Zurich', 'CH-8', 'de'), (130, 'CH', 'Genève', 'Geneva', 'CH-1', 'fr'),
    (330, 'NL', 'Noord-Holland', 'Amsterdam', 'NL-1', 'nl'), (190, 'NL', 'Zuid-Holland', 'Rotterdam', 'NL-3', 'nl'),
    (300, 'BE', 'Bruxelles', 'Brussels', 'B-1', 'fr'), (140, 'BE', 'Antwerpen', 'Antwerp', 'B-2', 'nl'),
    (420, 'PL', 'Mazowieckie', 'Warsaw', 'PL-00', 'pl'), (240, 'PL', 'Małopolskie', 'Kraków', 'PL-30', 'pl'),
    (280, 'CZ', 'Praha', 'Prague', 'CZ-11', 'cs'), (250, 'DK', 'Hovedstaden', 'Copenhagen', 'DK-1', 'da'),
    (270, 'SE', 'Stockholm', 'Stockholm', 'S-11', 'sv'), (120, 'SE', 'Västra Götaland', 'Gothenburg', 'S-41', 'sv'),
    (150, 'NO', 'Oslo', 'Oslo', 'N-0', 'no'), (300, 'GR', 'Attica', 'Athens', 'GR-10', 'el'),
    (70, 'GR', 'Central Macedonia', 'Thessaloniki', 'GR-54', 'el'), (170, 'PT', 'Lisboa', 'Lisbon', 'P-11', 'pt'),
    (140, 'IE', 'Leinster', 'Dublin', 'D0', 'en')
) as cities(weight, country, region, city, zip_prefix, language);

-- One slot for each unit of weight, so that a draw is one equality join.
create temporary table place_slot as
select row_number() over (order by country, city, n) - 1 as slot, country, region, city, zip_prefix, language
from place, generate_series(1, place.weight) as n;

-- What product descriptions are made of.
create temporary table sentence as
select n, 'The ' || pg_temp.pick(array['frame', 'cover', 'handle', 'surface', 'lining', 'housing', 'base', 'lid'], pg_temp.u(n, 1))
    || ' is made of ' || pg_temp.pick(array['recycled aluminium', 'oiled oak', 'organic cotton', 'tempered glass', 'stainless steel',
                                            'felted wool', 'birch plywood', 'waxed canvas'], pg_temp.u(n, 2))
    || ', ' || pg_temp.pick(array['tested', 'finished', 'assembled', 'inspected', 'packed'], pg_temp.u(n, 3))
    || ' by hand in batch ' || hashint8extended(n, 4) || ' and '
    || pg_temp.pick(array['withstands daily use', 'ages gracefully', 'cleans easily', 'keeps its colour', 'weighs little',
                          'folds flat', 'fits most shelves', 'resists scratches'], pg_temp.u(n, 5)) || '.' as words
from generate_series(0, 1999) as n;
