"""Words from which postings are made up for ``bench/copies.py``: two worlds that share none.

One world is to develop with, the other to measure with: other languages, trades, phrases, boards.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Tongue(NamedTuple):
    """One language: what its postings and its boards say. A ``|`` parts the items of a field.

    ``facts`` labels place, pay, hours, contract and date; ``heads`` are the four sections;
    ``date`` is how a day is written.
    """

    code: str
    titles: str
    companies: str
    cities: str
    verbs: str
    things: str
    ends: str
    wants: str
    gives: str
    about: str
    extra: str
    facts: str
    heads: str
    board: str
    notes: str
    pay: str
    date: str


ENGLISH: Final = Tongue(
    code="en",
    titles="Warehouse Operative|Payroll Administrator|Pastry Chef|Site Electrician|Care Assistant"
    "|Java Developer|HGV Driver|Marketing Executive|Primary School Teacher|Dental Nurse",
    companies="Harrow & Finch Ltd|Northgate Foods|Bellweather Group|Orchard Care Homes|Tidewater"
    " Logistics|Kestrel Systems|Millbrook Council|Sparrow Retail plc",
    cities="Leeds|Bristol|Norwich|Exeter|Preston|Swansea|Dundee|Reading",
    verbs="Check|Prepare|Maintain|Record|Plan|Order|Clean|Review|Support|Train|Report on|Improve"
    "|Monitor|Arrange|Update|Deliver",
    things="the weekly rota|all incoming stock|our customer files|safety equipment on the floor"
    "|monthly figures for the team|new starters in their first weeks|the tools and machines we use"
    "|routine visits to clients|orders from regional branches|our quality standards"
    "|the daily handover|records of every shift|small repairs around the building"
    "|questions from the public|supplier invoices|the booking calendar",
    ends="before the shift ends|with the area manager|and keep the log up to date|so that nobody"
    " waits longer than needed|in line with company policy|together with two colleagues|at short"
    " notice when asked|and suggest changes where they help|across both buildings|every Monday",
    wants="Experience in a similar role for at least {n} years|A calm manner under pressure"
    "|Good spoken and written English|A full clean driving licence|Confidence with spreadsheets"
    " and email|Willingness to work some weekends|A certificate in first aid or the wish to get one"
    "|An eye for detail and tidy paperwork|The right to work in the UK|A team player who turns"
    " up on"
    " time|Knowledge of health and safety rules|Physical fitness for lifting up to {n} kg",
    gives="{n} days of holiday plus bank holidays|A pension with matched contributions|Free parking"
    " next to the entrance|Staff discount in all our shops|Paid training every year|A bonus after"
    " the first year|Hot drinks and fruit in the kitchen|Cycle to work scheme",
    about="{company} has been part of this region for more than {n} years. We employ people from"
    " many backgrounds and we take pride in treating each of them fairly."
    "|At {company} we believe that good work starts with good colleagues. Our teams are small, our"
    " doors are open, and ideas are heard whoever has them."
    "|{company} is a family business in its third generation. We invest in our people, in modern"
    " equipment and in lasting relations with our customers.",
    extra="Please quote the reference when you get in touch with us.|We look forward to hearing"
    " from you soon.|Interviews will be held in our offices over the coming weeks.|You will report"
    " to the head of the department.|This post is open because the team is growing.",
    facts="Location|Salary|Hours|Contract|Posted on",
    heads="What you will do|What we are looking for|What we offer|About us",
    board="Home|Search vacancies|Career advice|For recruiters|Sign in|Privacy|Terms of use"
    "|Contact us|Similar vacancies|Apply now|Save|Share|Full time|Permanent",
    notes="We use cookies to improve your experience on this site. Accept all cookies or manage"
    " your settings.|Be among the first to hear about vacancies like this one.|Never give your bank"
    " details to anyone who offers you work.",
    pay="£{low},000 - £{high},000 per year",
    date="{d} {month} {y}",
)

GERMAN: Final = Tongue(
    code="de",
    titles="Lagerist (m/w/d)|Buchhalterin (m/w/d)|Elektroniker (m/w/d)|Pflegefachkraft (m/w/d)"
    "|Softwareentwickler (m/w/d)|Koch (m/w/d)|Kraftfahrer (m/w/d)|Vertriebsassistenz (m/w/d)",
    companies="Lindner Logistik GmbH|Haus am Park gGmbH|Brenner Maschinenbau AG|Feldmann & Söhne KG"
    "|Nordlicht Energie GmbH|Bäckerei Wieland GmbH",
    cities="Leipzig|Kassel|Bremen|Ulm|Rostock|Mannheim|Erfurt",
    verbs="Sie prüfen|Sie planen|Sie betreuen|Sie dokumentieren|Sie organisieren|Sie bereiten vor:"
    "|Sie kontrollieren|Sie verbessern|Sie übernehmen|Sie unterstützen|Sie pflegen|Sie erfassen",
    things="den Wareneingang|die Abläufe in der Werkstatt|unsere Bestandskunden|die monatlichen"
    " Abrechnungen|neue Kolleginnen und Kollegen|die tägliche Übergabe|alle Unterlagen der Schicht"
    "|Bestellungen der Filialen|die Wartung der Anlagen|Termine mit Lieferanten|den Dienstplan"
    "|Rückfragen aus den Abteilungen",
    ends="in enger Abstimmung mit der Leitung|nach unseren Qualitätsvorgaben|und halten die Daten"
    " aktuell|an zwei Standorten|vor Ende der Schicht|gemeinsam mit dem Team|auch bei kurzfristigem"
    " Bedarf|mit Blick für das Wesentliche",
    wants="Mindestens {n} Jahre Erfahrung in ähnlicher Stellung|Eine abgeschlossene Ausbildung"
    "|Sicheres Auftreten und Freude an der Arbeit im Team|Führerschein der Klasse B|Gute Kenntnisse"
    " in MS Office|Bereitschaft zur Schichtarbeit|Sehr gute Deutschkenntnisse|Sorgfalt und"
    " Zuverlässigkeit|Körperliche Belastbarkeit|Kenntnisse der Arbeitssicherheit",
    gives="{n} Tage Urlaub im Jahr|Betriebliche Altersvorsorge|Kostenlose Parkplätze am Haus"
    "|Zuschuss zum Jobticket|Regelmäßige Weiterbildung|Weihnachtsgeld und Urlaubsgeld|Obst und"
    " Getränke für alle",
    about="{company} steht seit über {n} Jahren für solide Arbeit in der Region. Wir legen Wert auf"
    " einen fairen Umgang und auf kurze Wege."
    "|Bei {company} arbeiten Menschen mit ganz verschiedenen Lebensläufen zusammen. Was uns"
    " verbindet,"
    " ist die Freude an guter Arbeit und am Gespräch miteinander."
    "|{company} ist ein Familienunternehmen in dritter Generation. Wir investieren in moderne"
    " Technik"
    " und in die Menschen, die mit ihr umgehen.",
    extra="Wir freuen uns darauf, Sie kennenzulernen.|Bitte nennen Sie in Ihrem Schreiben die"
    " Kennziffer.|Die Gespräche finden in den nächsten Wochen statt.|Die Stelle ist wegen der guten"
    " Auftragslage neu geschaffen worden.",
    facts="Arbeitsort|Gehalt|Arbeitszeit|Vertrag|Veröffentlicht am",
    heads="Ihre Aufgaben|Ihr Profil|Wir bieten|Über uns",
    board="Startseite|Stellenangebote|Ratgeber|Für Arbeitgeber|Anmelden|Datenschutz|AGB|Impressum"
    "|Ähnliche Stellen|Jetzt bewerben|Merken|Teilen|Vollzeit|Unbefristet",
    notes="Wir verwenden Cookies, um unser Angebot zu verbessern. Alle Cookies akzeptieren oder"
    " Einstellungen anpassen.|Lassen Sie sich neue Angebote wie dieses per E-Mail schicken."
    "|Geben Sie niemals Ihre Bankdaten an Unbekannte weiter.",
    pay="{low}.000 - {high}.000 EUR brutto im Jahr",
    date="{d}.{m}.{y}",
)

FRENCH: Final = Tongue(
    code="fr",
    titles="Comptable H/F|Préparateur de commandes H/F|Aide-soignant H/F|Développeur web H/F"
    "|Chauffeur livreur H/F|Responsable de magasin H/F|Électricien H/F",
    companies="Maison Delorme SAS|Transports Garnier|Les Jardins du Lac|Atelier Morel SARL|Groupe"
    " Valmont",
    cities="Nantes|Dijon|Rennes|Grenoble|Reims|Tours",
    verbs="Préparer|Contrôler|Organiser|Assurer|Suivre|Accueillir|Mettre à jour|Rédiger|Former"
    "|Entretenir|Planifier|Vérifier",
    things="les commandes des agences|le suivi des dossiers clients|les tournées de la semaine"
    "|le matériel de sécurité|les comptes rendus mensuels|les nouveaux collègues|la réception des"
    " marchandises|les factures des fournisseurs|le planning des équipes|les interventions sur site"
    "|les demandes du public|la propreté des espaces",
    ends="en lien avec la direction|selon nos règles de qualité|avant la fin du service|avec deux"
    " collègues|sur nos deux sites|et proposer des améliorations|dans le respect des délais|chaque"
    " lundi matin",
    wants="Une expérience de {n} ans minimum sur un poste similaire|Le permis B en cours de"
    " validité"
    "|Une bonne maîtrise d'Excel|Le sens de l'organisation et du service|Une formation dans le"
    " domaine|Un bon relationnel et de la rigueur|La capacité à travailler le samedi|Une bonne"
    " condition physique",
    gives="{n} jours de congés par an|Une mutuelle prise en charge|Des tickets restaurant|Un"
    " parking"
    " gratuit devant le site|Une prime annuelle|Une formation à votre arrivée",
    about="{company} est présente dans la région depuis plus de {n} ans. Nous tenons à un climat de"
    " travail serein et à des relations simples."
    "|Chez {company}, chacun compte. Nos équipes sont à taille humaine et les idées circulent"
    " librement d'un service à l'autre.",
    extra="Merci de rappeler la référence dans votre message.|Nous serons heureux de vous"
    " rencontrer."
    "|Les entretiens auront lieu dans nos bureaux.|Ce poste est créé pour renforcer l'équipe.",
    facts="Lieu|Salaire|Temps de travail|Contrat|Publiée le",
    heads="Vos missions|Votre profil|Nous offrons|Qui sommes-nous",
    board="Accueil|Offres d'emploi|Conseils|Espace recruteur|Connexion|Confidentialité|Mentions"
    " légales|Contact|Offres similaires|Postuler|Sauvegarder|Partager|Temps plein|CDI",
    notes="Nous utilisons des cookies pour améliorer votre visite. Tout accepter ou personnaliser"
    " vos choix.|Recevez les offres comme celle-ci dans votre boîte.|Ne communiquez jamais vos"
    " coordonnées bancaires à un inconnu.",
    pay="{low} 000 € - {high} 000 € brut par an",
    date="{d}/{m}/{y}",
)

HOSPITAL: Final = Tongue(
    code="en",
    titles="Staff Nurse|Radiographer|Data Engineer|Welder|Housekeeping Supervisor|Legal Secretary"
    "|Bus Mechanic|Biomedical Scientist|Groundskeeper|Customer Success Lead",
    companies="St Alban's Hospital Trust|Copperfield Analytics|Riverside Hotels|Blackthorn Welding"
    " Co|Eastmoor Transit|Pine & Partners LLP|Greenacre Parks",
    cities="Cork|Galway|Belfast|Aberdeen|Lincoln|Portsmouth|York|Chester",
    verbs="Assess|Coordinate|Document|Carry out|Inspect|Lead|Schedule|Test|Calibrate|Draft"
    "|Supervise"
    "|Resolve|Audit|Restock|Escort|Present",
    things="patient needs on admission|the morning theatre list|pipelines that feed our reports"
    "|joints on pressure vessels|rooms after each departure|letters dictated by the partners"
    "|vehicles brought in for service|samples received from the wards|paths and borders in the park"
    "|renewals for our largest accounts|equipment according to the manual|findings to the board"
    "|incidents reported overnight|stores of consumables|apprentices on placement"
    "|the on-call timetable",
    ends="to the standards of the profession|and hand over in writing|under the guidance of a"
    " senior"
    " colleague|within the agreed turnaround|using our in-house system|without disturbing guests"
    "|and follow up on open points|in all weathers|for three sites|while keeping costs in view",
    wants="{n} years in a comparable setting|Registration with the relevant body|Sound judgement"
    " and"
    " a steady hand|Working knowledge of SQL and Python|Evidence of continuing development"
    "|A relevant diploma or degree|Clear handwriting and clear speech|Ability to stand for long"
    " periods|Flexibility over rotating shifts|A satisfactory background check|Familiarity with"
    " hand tools|Good numeracy",
    gives="{n} days of annual leave|Membership of the occupational pension|Subsidised meals on site"
    "|Relocation support|Season ticket loan|Study leave after six months|Uniform and laundry"
    "|Access to the staff gym",
    about="{company} serves a population of some {n}0,000 people and is known for its steady,"
    " kindly"
    " way of working. We recruit on merit and welcome every applicant."
    "|People stay at {company} because they are trusted. Decisions are taken close to the work, and"
    " mistakes are talked about so that they happen once."
    "|Founded {n} years ago, {company} has grown without losing its habits: fair pay, clear words,"
    " and time to do a thing properly.",
    extra="Informal visits are welcome by arrangement.|Shortlisted candidates will be told by"
    " letter.|The successful applicant will join a team of nine.|References will be taken up before"
    " an offer is made.|Early applications are encouraged.",
    facts="Workplace|Pay|Working pattern|Type of contract|Date posted",
    heads="Main duties|Person specification|Benefits|About the employer",
    board="Jobs|Browse employers|Blog|Post a vacancy|Log in|Cookie policy|Legal notice|Help centre"
    "|Other jobs you may like|Apply for this job|Bookmark|Print|Full-time|Permanent contract",
    notes="This website stores cookies on your device. Accept or reject cookies at any time."
    "|Create an alert and get new posts like this by email.|Report this advert if something looks"
    " wrong to you.",
    pay="£{low},500 to £{high},500 a year",
    date="{y}-{m}-{d}",
)

SPANISH: Final = Tongue(
    code="es",
    titles="Enfermero/a|Contable|Mozo/a de almacén|Programador/a web|Camarero/a|Técnico/a de"
    " mantenimiento|Recepcionista",
    companies="Clínica Santa Lucía|Talleres Ibarra SL|Hoteles Costa Clara|Distribuciones Vega SA"
    "|Grupo Almendro",
    cities="Zaragoza|Murcia|Vigo|Córdoba|Alicante|Gijón",
    verbs="Revisar|Preparar|Coordinar|Atender|Registrar|Supervisar|Organizar|Redactar|Controlar"
    "|Mantener|Apoyar|Gestionar",
    things="los pedidos de las tiendas|las historias de los pacientes|el turno de la mañana|las"
    " instalaciones del edificio|las facturas de proveedores|a los nuevos compañeros|el inventario"
    " del almacén|las reservas de la semana|los informes mensuales|las llamadas de clientes|el"
    " material de seguridad|la limpieza de las salas",
    ends="junto con la dirección|según nuestras normas de calidad|antes de cerrar el turno|en los"
    " dos centros|con atención al detalle|y proponer mejoras|dentro del plazo previsto|cada lunes",
    wants="Al menos {n} años de experiencia en un puesto similar|Carné de conducir B|Buen manejo de"
    " Excel|Título de formación profesional|Trato amable y ganas de aprender|Disponibilidad para"
    " trabajar fines de semana|Nivel medio de inglés|Orden y responsabilidad",
    gives="{n} días de vacaciones|Seguro médico privado|Aparcamiento gratuito|Comida en el centro"
    "|Plan de formación anual|Ambiente de trabajo cercano",
    about="{company} lleva más de {n} años en la región. Cuidamos a las personas y creemos en el"
    " trabajo bien hecho."
    "|En {company} trabajamos en equipos pequeños. Escuchamos todas las ideas y nos gusta resolver"
    " las cosas hablando.",
    extra="Indique la referencia en su mensaje.|Estaremos encantados de conocerle.|Las entrevistas"
    " se harán en nuestras oficinas.|El puesto se crea por crecimiento del equipo.",
    facts="Ubicación|Salario|Jornada|Contrato|Publicado el",
    heads="Funciones|Requisitos|Ofrecemos|Sobre nosotros",
    board="Inicio|Ofertas de empleo|Consejos|Empresas|Iniciar sesión|Privacidad|Aviso legal"
    "|Contacto"
    "|Ofertas similares|Inscribirme|Guardar|Compartir|Jornada completa|Contrato indefinido",
    notes="Usamos cookies para mejorar su visita. Aceptar todas las cookies o configurarlas."
    "|Reciba ofertas como esta en su correo.|No facilite nunca sus datos bancarios a desconocidos.",
    pay="{low}.000 € - {high}.000 € brutos al año",
    date="{d}/{m}/{y}",
)

DUTCH: Final = Tongue(
    code="nl",
    titles="Verpleegkundige|Magazijnmedewerker|Administratief medewerker|Monteur"
    "|Vrachtwagenchauffeur"
    "|Backend developer|Kok",
    companies="Zorggroep De Linde|Van Dalen Techniek BV|Bakker & Zonen|Transport Meijer BV"
    "|Stichting"
    " Oeverzicht",
    cities="Utrecht|Groningen|Breda|Zwolle|Arnhem|Deventer",
    verbs="Je controleert|Je plant|Je begeleidt|Je verzorgt|Je registreert|Je bereidt|Je bewaakt"
    "|Je onderhoudt|Je overlegt over|Je verbetert|Je regelt|Je beantwoordt",
    things="de dagelijkse overdracht|het rooster van de week|de voorraad in het magazijn|de"
    " dossiers"
    " van onze cliënten|de machines in de werkplaats|nieuwe collega's|de bestellingen van filialen"
    "|vragen van bezoekers|de maandelijkse rapportage|afspraken met leveranciers|de veiligheid op"
    " de werkvloer|facturen en betalingen",
    ends="samen met de teamleider|volgens onze afspraken|voor het einde van de dienst|op twee"
    " locaties|en houdt het systeem bij|met oog voor detail|ook op drukke dagen|elke maandag",
    wants="Minimaal {n} jaar ervaring in een vergelijkbare functie|Rijbewijs B|Goede beheersing van"
    " Nederlands|Een afgeronde opleiding|Een nauwkeurige en rustige manier van werken|Ervaring met"
    " Excel|Bereid om in het weekend te werken|Plezier in samenwerken",
    gives="{n} vakantiedagen per jaar|Een goede pensioenregeling|Gratis parkeren bij de deur"
    "|Reiskostenvergoeding|Ruimte voor scholing|Elke vrijdag samen lunchen",
    about="{company} is al meer dan {n} jaar een begrip in de regio. Wij werken in kleine teams en"
    " nemen de tijd voor elkaar."
    "|Bij {company} telt iedereen mee. We zijn eerlijk, nuchter en trots op wat we samen maken.",
    extra="Vermeld het kenmerk in je bericht.|We maken graag kennis met je.|De gesprekken zijn in"
    " de komende weken op ons kantoor.|De functie is nieuw omdat het team groeit.",
    facts="Standplaats|Salaris|Uren|Dienstverband|Geplaatst op",
    heads="Wat ga je doen|Wat vragen wij|Wat bieden wij|Over ons",
    board="Home|Vacatures|Tips|Werkgevers|Inloggen|Privacy|Voorwaarden|Contact|Vergelijkbare"
    " vacatures|Solliciteren|Bewaren|Delen|Fulltime|Vast contract",
    notes="Wij gebruiken cookies om deze site te verbeteren. Alle cookies accepteren of"
    " instellingen"
    " aanpassen.|Ontvang vacatures zoals deze in je mailbox.|Geef nooit je bankgegevens aan een"
    " onbekende.",
    pay="€ {low}.000 - € {high}.000 bruto per jaar",
    date="{d}-{m}-{y}",
)

WORLDS: Final[dict[str, tuple[Tongue, ...]]] = {
    "develop": (ENGLISH, GERMAN, FRENCH),
    "report": (HOSPITAL, SPANISH, DUTCH),
}
MONTHS: Final = "January February March April May June July August September October".split()
