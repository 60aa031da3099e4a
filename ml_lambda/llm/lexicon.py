"""The words a model may use that a draft does not have, by language: small ones, that state nothing.

No number, unit, date, negation, name, or verb for a thing to do is among them: those come from the draft or
not at all. The other sets name what a wording must not change. Data; `guard.py` says what each is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's words, in small letters."""

    free: frozenset[str]
    numbers: frozenset[str]
    units: frozenset[str]
    today: frozenset[str]
    """Words for now's day: a wording may drop them, not add them."""
    dates: frozenset[str]
    before: frozenset[str]
    """What puts one thing before another; `after` likewise."""
    after: frozenset[str]
    delays: frozenset[str]
    """Before a length it says when, not how long: "in 5 minutes"."""
    part: frozenset[str]
    """Of these a smallest step keeps one: it is a start, not the whole."""
    stay: frozenset[str]
    go: frozenset[str]
    """A choice keeps one of each."""
    nouns_capital: bool
    """Whether a capital inside a sentence says nothing, as every noun has one."""
    advice: frozenset[str]
    """Beginnings of words of medical, financial and legal instructions."""


ENGLISH: Final = Lexicon(
    free=_words(
        """
        a an the this that these those it its is are be will would does do doing can could may here there
        now next first then right straight just only about around perhaps maybe say well also too so but
        or to for of on in at with into onto towards through from up down out off over away back ahead
        along by you your yours one ones time moment room space start started starting starts begin
        beginning begins before until after once when while soon since as if fits fit suits suit works
        work take taking give giving spend spending use using put set setting make making find save keep
        keeping keeper get getting go going try turn move choose pick picking let leave leaving hold plan
        note book have got how what which look looking open carry stay return come comes coming follow
        following ends done ready step steps small little bit light easy gentle part piece few some all
        whole fresh new anew afresh like kind alike together good fine nice simple clear free aside apart
        list calendar ease settle slot spot place gap pause count counts enough pencil dedicate reserve
        devote own calm quiet slowly gently best better left it's that's here's how's let's tackle wait
        continue resume handle consider possible possibly ideal ideally worth row where group line timer
        hand
        """
    ),
    numbers=_words(
        """
        two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand
        million dozen half quarter couple pair twice double triple second third fourth fifth
        """
    ),
    units=_words(
        """
        second seconds minute minutes min mins hour hours h hr hrs day days week weeks month months am pm
        """
    ),
    today=_words("today tonight"),
    dates=_words(
        """
        monday tuesday wednesday thursday friday saturday sunday january february march april june july
        august september october november december tomorrow yesterday morning afternoon evening night noon
        midnight weekend lunchtime dinnertime later daily weekly monthly yearly year years
        """
    ),
    before=_words("before until till by"),
    after=_words("after once when follow follows following"),
    delays=_words("in"),
    part=_words(
        """
        start started starting begin beginning first try only just step stop small little open some part
        timer
        """
    ),
    stay=_words("keep keeping keeper stay hold"),
    go=_words("go drop"),
    nouns_capital=False,
    advice=_words(
        """
        medic pill dose tablet drug aspirin ibuprofen paracetamol insulin vitamin supplement prescri
        therap diagnos fasting invest stock share crypto bitcoin loan credit mortgage transfer bank
        password lawyer attorney sue court legal contract sign testif tax buy sell pay bet gambl
        """
    ),
)

GERMAN: Final = Lexicon(
    free=_words(
        """
        der die das den dem des ein eine einen einem einer dies diese dieser dieses diesen diesem es sie
        er ihn ist sind sei wird werden kann kannst könnte passt passen geht gehen oder aber doch auch so
        nur etwa rund ungefähr vielleicht jetzt nun gleich direkt sofort dann danach zuerst zunächst erst
        erste ersten erster hier da dort dafür daran darauf damit dazu davon mit für von vom zu zum zur an
        am auf in im ins bei beim aus um bis vor nach sobald wenn sowie seit weiter du dir dich dein deine
        deinen deiner nimm nehmen gib geben nutze nutzen verwende mach mache machen fang fange anfangen
        beginn beginne beginnen start starte starten leg lege los setz setze setzen halt halte halten
        behalte behalten plane plan planen merk merke reserviere reservieren such suche finde finden lass
        lassen wähle öffne schau bleib bleibe bleiben komm komme kehre zurück geh gehe wie wär wäre was
        welche schritt schritte anfang zeit moment platz raum lücke teil stück klein kleine kleinen
        kleiner kleines wenig bisschen einige ganz ganze neu neue neuen neuer neues frisch nächste
        nächsten nächstes nächster frei freie beiseite drin vorher fertig bereit vorbei ende endet genug
        leicht ruhig gern gerne gut liste kalender probier probiere versuch versuche versuchen widme
        weitermachen mal als art pause kümmere schaff schaffe häng hänge steck stecke hinein höchstens
        stell stelle trag trage reservier hol hole dran erledige reihe parat zusammen insgesamt durch
        aneinander dabei lust wo über eins timer vorbereiten bereite
        """
    ),
    numbers=_words(
        """
        zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn
        siebzehn achtzehn neunzehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert
        tausend million dutzend halb halbe viertel paar doppelt zweite dritte vierte
        """
    ),
    units=_words(
        """
        sekunde sekunden minute minuten min stunde stunden std h tag tage tagen woche wochen monat monate
        uhr
        """
    ),
    today=_words("heute"),
    dates=_words(
        """
        montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag januar februar märz april
        mai juni juli august september oktober november dezember morgen übermorgen gestern vormittag
        nachmittag abend nacht mittag mitternacht wochenende später täglich wöchentlich jahr jahre
        """
    ),
    before=_words("vor bis bevor vorher"),
    after=_words("nach danach sobald wenn"),
    delays=_words("in"),
    part=_words(
        """
        start starte starten beginn beginne anfang fang fange erst erste ersten nur schritt klein kleine
        kleinen kleiner probier probiere versuch versuche öffne teil los stopp aufhören timer
        """
    ),
    stay=_words("behalte behalten bleib bleibe bleiben halten"),
    go=_words("lass lassen weg streichen loslassen gehen"),
    nouns_capital=True,
    advice=_words(
        """
        mediz medik pille tablette dosis aspirin ibuprofen insulin vitamin arznei therap diagnos invest
        aktie krypto bitcoin kredit darlehen überweis bank passwort anwalt klage gericht vertrag
        unterschreib steuer kauf verkauf zahl wette
        """
    ),
)

SPANISH: Final = Lexicon(
    free=_words(
        """
        el la los las lo un una unos unas este esta esto estos estas ese esa eso es son está puede podría
        hay ahora ya primero primera primer luego después siguiente próximo próxima próximos próximas solo
        sólo justo apenas casi tal vez quizá quizás también así pero o a al de del en con por para sobre
        hacia desde hasta antes tras cuando mientras que qué cómo cuál te ti tu tus tú le se si aquí ahí
        allí toma tomar dedica dedicar dedícale usa usar aprovecha aprovechar reserva reservar guarda
        guardar deja dejar dejarlo dejarla dale dar haz hacer ponte pon poner empieza empezar comienza
        comenzar arranca inicia intenta intentar prueba probar sigue seguir vuelve volver retoma elige
        escoge busca encuentra abre mira queda quedarte quédate mantén mantener conserva apunta planea
        prepara ve ir parece viene va termina acabe termine acaba paso pasos inicio comienzo tiempo
        momento rato hueco espacio parte poco pequeño pequeña pequeños todo toda nuevo nueva libre libres
        aparte listo lista bien suave tranquilo calma calendario suficiente basta cuenta encaja cabe
        conviene ello ella como dedícate hazlo échale empiezas temporizador paras anota dónde prográmalo
        programa aparta suma pasa ritmo añade ponlo marcha prepárate míralo mano junta agrupa total repasa
        mismo tipo encárgate animas pones hazle resérvalo su siga retómalo ten tenlo déjalo adelante
        """
    ),
    numbers=_words(
        """
        dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis
        diecisiete dieciocho diecinueve veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa
        cien ciento mil millón docena medio media cuarto par doble segundo tercero
        """
    ),
    units=_words(
        """
        segundo segundos minuto minutos min hora horas h día días semana semanas mes meses
        """
    ),
    today=_words("hoy"),
    dates=_words(
        """
        lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio julio
        agosto septiembre octubre noviembre diciembre mañana ayer anoche tarde noche mediodía medianoche
        año años diario
        """
    ),
    before=_words("antes hasta"),
    after=_words("después tras cuando"),
    delays=_words("en dentro"),
    part=_words(
        """
        empieza empezar comienza comenzar arranca inicia inicio comienzo primer primero primera solo sólo
        paso pequeño pequeña prueba intenta poco abre parte
        """
    ),
    stay=_words(
        """
        mantén mantener mantenerlo conserva guardar quedarte quédate queda quedártelo sigue
        """
    ),
    go=_words("deja dejar dejarlo dejarla soltar soltarlo fuera ir"),
    nouns_capital=False,
    advice=_words(
        """
        medic pastilla dosis aspirina ibuprofeno insulina vitamina fármaco terap diagn invert invier
        accion cripto bitcoin préstamo crédito hipoteca transfer banco contraseña abogad demand juicio
        contrat firma impuesto compra vend paga apuest
        """
    ),
)

RUSSIAN: Final = Lexicon(
    free=_words(
        """
        это этот эта эти этого этому этим этой то тот та он она оно его её их есть будет можно может или
        но же ли так лишь только всего примерно около пожалуй если бы как что сейчас теперь сразу прямо
        потом затем сначала дальше далее здесь тут вот на в во с со к ко у за из от до по о об для при под
        над через между после перед когда пока следующий следующее следующие следующих ближайшие ближайших
        первый первая первое первые первых первого тебе тебя ты твой твоё твои вам вас ваш возьми возьмите
        возьмитесь удели уделите выдели выделите найди найдите потрать потратьте используй используйте
        оставь оставьте отложи отложите дай дайте начни начните начать начало старт приступи приступите
        попробуй попробуйте сделай сделайте запланируй запланируйте запиши запишите поставь поставьте
        открой откройте посмотри посмотрите выбери выберите продолжай продолжайте продолжи продолжите
        вернись вернитесь держи держите сохрани сохраните займись займитесь переходи перейди шаг шага
        шагом время минутку момент место окно часть немного чуть маленький маленького небольшой небольшого
        весь всё все новый новое нового заново свободно свободное подойдёт подходит хватит достаточно
        спокойно легко список календарь готово закончится закончатся окончания пусть останется остаётся
        добавь возьмись дело дела делом отведи вложи позанимайся начнёшь подготовь чего назначь приступай
        подготовься настройся подряд реши взгляни следующим списке пауза таймер
        """
    ),
    numbers=_words(
        """
        два две двух три трёх трех четыре четырёх пять пяти шесть шести семь семи восемь восьми девять
        девяти десять десяти одиннадцать двенадцать пятнадцать двадцать тридцать сорок пятьдесят
        шестьдесят сто тысяча миллион дюжина пол половина полчаса полтора полторы четверть пара вдвое
        второй третий трое
        """
    ),
    units=_words(
        """
        секунда секунды секунд минута минуту минуты минут мин час часа часов ч день дня дней дню неделя
        недели недель месяц месяца месяцев
        """
    ),
    today=_words("сегодня"),
    dates=_words(
        """
        понедельник вторник среда среду четверг пятница пятницу суббота субботу воскресенье января февраля
        марта апреля мая июня июля августа сентября октября ноября декабря завтра послезавтра вчера утро
        утром днём вечер вечером вечера ночь ночью полдень полночь выходные год года лет позже
        """
    ),
    before=_words("до перед"),
    after=_words("после когда"),
    delays=_words("через"),
    part=_words(
        """
        начни начните начать начало старт первый первая первое первые первых первого только лишь шаг шага
        маленький попробуй попробуйте немного часть открой откройте приступи приступите
        """
    ),
    stay=_words("оставь оставить оставьте оставляем сохрани останется остаётся держать"),
    go=_words("отпустить убрать отпусти отпустите вычеркнуть"),
    nouns_capital=False,
    advice=_words(
        """
        лекарств таблет дозу доза аспирин ибупрофен инсулин витамин терап диагно инвест акци крипто
        биткоин кредит займ ипотек перевод переведи банк парол адвокат суд иск договор подпиш налог купи
        прода заплат ставк
        """
    ),
)

LEXICONS: Final[Mapping[str, Lexicon]] = {"en": ENGLISH, "de": GERMAN, "es": SPANISH, "ru": RUSSIAN}
