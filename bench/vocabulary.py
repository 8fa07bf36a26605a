"""Words from which pages are made up: four languages, for ``realistic.py``.

Texts are invented. A line is put together from a verb, an object and a tail, so that some hundred
thousand different ones come out of each language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """What a language has: pieces of sentences, names of parts, and the texts of a site."""

    code: str
    verbs: tuple[str, ...]
    objects: tuple[str, ...]
    tails: tuple[str, ...]
    knows: tuple[str, ...]
    roles: tuple[str, ...]
    levels: tuple[str, ...]
    cities: tuple[str, ...]
    headings: tuple[str, str, str, str]
    facts: tuple[str, str, str, str]
    times: tuple[str, ...]
    pay: str
    years: str
    apply: str
    joined: str
    menu: tuple[str, ...]
    terms: tuple[str, ...]
    cookies: tuple[str, ...]
    benefits: tuple[str, ...]
    about: tuple[str, ...]


def _row(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


SKILLS: Final = _row(
    "Python|SQL|Excel|SAP|AutoCAD|Kubernetes|Java|TypeScript|React|Linux|Docker|Terraform|Git|AWS"
    "|PostgreSQL|Power BI|Salesforce|Photoshop|Figma|C++|Go|Kafka|Jira|MATLAB|SolidWorks|HACCP"
    "|ISO 9001|Tableau|Spark|Ansible|Azure|Node.js|PHP|WordPress|Google Analytics|Scrum|DATEV|PLC"
)

ENGLISH: Final = Words(
    code="en",
    verbs=_row(
        "Plan|Maintain|Review|Improve|Document|Prepare|Coordinate|Develop|Support|Monitor|Design"
        "|Deliver|Negotiate|Test|Analyse|Supervise|Schedule|Repair|Present|Audit|Own|Shape|Build"
        "|Calibrate|Advise on|Keep track of|Report on|Take part in|Look after|Hand over"
    ),
    objects=_row(
        "the monthly stock count|customer enquiries from three regions|our range of garden tools"
        "|the handover between shifts|training plans for new colleagues|supplier contracts"
        "|the cooling plant|dashboards for the finance team|patient records|field measurements"
        "|the lesson plans of two year groups|spare parts for older machines|weekly forecasts"
        "|the release of new versions|safety inspections|travel arrangements|the seasonal menu"
        "|wiring diagrams|requests from the works council|public tenders|the night rota|test"
        " reports"
        "|small repairs in the workshop|the archive of drawings|claims above the agreed limit"
        "|the launch of a second warehouse|feedback from pilot users|interfaces to older systems"
        "|the cleaning of filters and pumps|an inventory of chemicals|donor relations"
        "|the routes of forty vans|complaints about late deliveries|quality checks at the line"
        "|the catalogue of the museum|payroll for two hundred people|the orchard and its fences"
        "|models of energy use|grant applications|the data that our sensors send"
    ),
    tails=_row(
        "together with the site lead|in line with local rules|for our partners in the north"
        "|before the season begins|with a small and patient team|so that nobody has to wait"
        "|across all branches|under the guidance of a senior colleague|within the agreed budget"
        "|on two mornings a week|for schools and hospitals|and keep the records up to date"
        "|from the first sketch to the last check|with the help of modern software"
        "|in close contact with production|during the summer months|as part of a wider programme"
        "|and explain the results to others|whenever the weather allows|on behalf of the board"
        "|until the new building opens|in English and one more language|at three locations"
        "|and suggest what could be simpler|by the end of each quarter|for about ninety customers"
    ),
    knows=_row(
        "A degree or an apprenticeship in a related trade|Solid knowledge of|Hands-on work with"
        "|A calm manner when you|You have shown that you can|Confidence to|Experience with"
        "|Interest in ways to|A full driving licence and the will to|Proven ability to"
    ),
    roles=_row(
        "Warehouse Clerk|Staff Nurse|Data Analyst|Bus Driver|Pastry Chef|Accountant|Site Engineer"
        "|Software Developer|Biology Teacher|Electrician|Account Manager|Lab Technician|Gardener"
        "|Marketing Officer|Welder|Payroll Specialist|Product Designer|Care Assistant|Buyer"
    ),
    levels=("", "Senior ", "Junior ", "Lead ", "", "Assistant "),
    cities=_row(
        "Leeds, UK|Cork, Ireland|Austin, TX|Bristol, UK|Dublin, Ireland|Denver, CO|Glasgow, UK"
        "|Boston, MA|Toronto, Canada|Perth, Australia|Cardiff, UK|Portland, OR"
    ),
    headings=("What you will do", "What you bring", "What we offer", "About us"),
    facts=("Location", "Contract", "Salary", "Published"),
    times=("Full time", "Part time", "Permanent, full time", "Temporary contract"),
    pay="£{low},000 - £{high},000 a year",
    years="At least {n} years of experience in a similar role",
    apply="Please apply by {day} to",
    joined="and",
    menu=_row(
        "Home|About|Our services|Find a vacancy|News|Locations|Contact|For employers|Sign in"
        "|Register|Saved searches|Career advice|Events|Press|Students|Help|Companies|Blog"
    ),
    terms=_row(
        "Privacy notice|Terms of use|Accessibility|Cookie settings|Imprint|Modern slavery"
        " statement"
        "|Investors|Sustainability|Newsletter|Sitemap|Follow us|Download the app|Complaints|Media"
    ),
    cookies=(
        "We use cookies to run this site and to learn how it is used.",
        "You can change your choice at any time in the settings.",
        "Accept all",
        "Only what is necessary",
    ),
    benefits=_row(
        "28 days of holiday and public holidays|A pension with a generous share from us"
        "|Free parking and secure bicycle racks|A budget for training each year|Flexible hours"
        "|Discounts in all our shops|A subsidised canteen|Private health cover after six months"
        "|Two paid days a year for volunteering|An annual bonus when targets are met"
        "|Work from home up to two days a week|Childcare vouchers"
    ),
    about=_row(
        "has grown from a family firm to an employer of some two thousand people, and still"
        " decides"
        " most things close to the work|makes equipment that is used in ninety countries and"
        " repaired in most of them|welcomes applications from everybody, whatever their background"
        " and age, and adapts the workplace where that is needed"
    ),
)

GERMAN: Final = Words(
    code="de",
    verbs=_row(
        "Planung|Betreuung|Prüfung|Weiterentwicklung|Dokumentation|Vorbereitung|Koordination"
        "|Umsetzung|Unterstützung|Überwachung|Gestaltung|Auswertung|Wartung|Instandsetzung"
        "|Steuerung|Abstimmung|Leitung|Pflege|Erstellung|Optimierung|Begleitung|Einführung"
    ),
    objects=_row(
        "der monatlichen Inventur|von Kundenanfragen aus drei Regionen|unserer Gartengeräte"
        "|der Schichtübergabe|von Schulungsplänen für neue Kolleginnen und Kollegen|der"
        " Kälteanlage"
        "|von Lieferantenverträgen|der Auswertungen für die Finanzabteilung|der Patientenakten"
        "|von Messungen im Feld|des Ersatzteillagers|der wöchentlichen Prognosen|neuer Versionen"
        "|der Sicherheitsbegehungen|von Dienstreisen|der saisonalen Speisekarte|von Schaltplänen"
        "|öffentlicher Ausschreibungen|des Nachtdienstes|der Prüfberichte|kleiner Reparaturen"
        "|des Zeichnungsarchivs|von Schadensfällen|eines zweiten Standortes|der Schnittstellen"
        "|der Filter und Pumpen|eines Gefahrstoffverzeichnisses|der Touren von vierzig Fahrzeugen"
        "|von Reklamationen|der Qualitätskontrolle an der Linie|des Museumskatalogs"
        "|der Lohnabrechnung für zweihundert Personen|von Energiemodellen|von Förderanträgen"
    ),
    tails=_row(
        "gemeinsam mit der Standortleitung|nach den geltenden Vorschriften|für unsere Partner"
        "|vor Beginn der Saison|in einem kleinen Team|über alle Filialen hinweg|unter Anleitung"
        "|im vereinbarten Rahmen|an zwei Vormittagen in der Woche|für Schulen und Krankenhäuser"
        "|von der ersten Skizze bis zur letzten Prüfung|mit moderner Software|in enger Absprache"
        " mit"
        " der Fertigung|während der Sommermonate|als Teil eines größeren Vorhabens|bei jedem"
        " Wetter"
        "|im Auftrag der Geschäftsführung|bis zur Eröffnung des Neubaus|an drei Standorten"
        "|zum Ende jedes Quartals|für rund neunzig Kunden|in deutscher und englischer Sprache"
    ),
    knows=_row(
        "Abgeschlossene Ausbildung oder Studium, gern mit Schwerpunkt|Fundierte Kenntnisse in der"
        "|Praxis in der|Ruhe und Übersicht bei der|Sicherer Umgang mit der|Freude an der"
        "|Führerschein der Klasse B und Bereitschaft zur|Erste Erfahrung in der"
    ),
    roles=_row(
        "Lagerist (m/w/d)|Pflegefachkraft (m/w/d)|Datenanalyst (m/w/d)|Busfahrer (m/w/d)"
        "|Konditor (m/w/d)|Buchhalter (m/w/d)|Bauleiter (m/w/d)|Softwareentwickler (m/w/d)"
        "|Elektroniker (m/w/d)|Laborant (m/w/d)|Gärtner (m/w/d)|Schweißer (m/w/d)|Erzieher (m/w/d)"
        "|Sachbearbeiter Einkauf (m/w/d)|Mechatroniker (m/w/d)"
    ),
    levels=("", "", "Leitender ", "Stellvertretender "),
    cities=_row("Leipzig|Freiburg|Kassel|Hamburg|Graz|Bern|Nürnberg|Rostock|Erfurt|Linz|München"),
    headings=("Ihre Aufgaben", "Ihr Profil", "Wir bieten", "Über uns"),
    facts=("Arbeitsort", "Anstellungsart", "Gehalt", "Veröffentlicht am"),
    times=("Vollzeit", "Teilzeit", "Unbefristet, Vollzeit", "Befristet"),
    pay="{low}.000 bis {high}.000 Euro im Jahr",
    years="Mindestens {n} Jahre Berufserfahrung in vergleichbarer Stellung",
    apply="Bitte bewerben Sie sich bis zum {day} unter",
    joined="und",
    menu=_row(
        "Startseite|Über uns|Leistungen|Stellenangebote|Aktuelles|Standorte|Kontakt|Anmelden"
        "|Für Arbeitgeber|Merkliste|Ratgeber|Veranstaltungen|Presse|Ausbildung|Hilfe|Unternehmen"
    ),
    terms=_row(
        "Datenschutz|Impressum|AGB|Barrierefreiheit|Cookie-Einstellungen|Nachhaltigkeit"
        "|Newsletter|Übersicht|Folgen Sie uns|App herunterladen|Hinweisgeber|Mediathek"
    ),
    cookies=(
        "Wir verwenden Cookies, um diese Seite zu betreiben und ihre Nutzung zu verstehen.",
        "Sie können Ihre Wahl jederzeit in den Einstellungen ändern.",
        "Alle akzeptieren",
        "Nur notwendige",
    ),
    benefits=_row(
        "30 Tage Urlaub|Betriebliche Altersvorsorge|Kostenfreie Parkplätze und Fahrradstellplätze"
        "|Ein Budget für Weiterbildung|Flexible Arbeitszeiten|Rabatte in unseren Filialen|Kantine"
        "|Zuschuss zum Deutschlandticket|Gesundheitstage|Weihnachtsgeld|Mobiles Arbeiten nach"
        " Absprache|Kinderbetreuung in den Ferien"
    ),
    about=_row(
        "ist aus einem Familienbetrieb entstanden und beschäftigt heute rund zweitausend Menschen"
        "|baut Geräte, die in neunzig Ländern genutzt und in den meisten davon auch repariert"
        " werden"
        "|freut sich über Bewerbungen aller Menschen, unabhängig von Herkunft und Alter"
    ),
)

FRENCH: Final = Words(
    code="fr",
    verbs=_row(
        "Préparer|Assurer|Contrôler|Améliorer|Documenter|Organiser|Coordonner|Développer|Suivre"
        "|Accompagner|Concevoir|Négocier|Tester|Analyser|Encadrer|Planifier|Réparer|Présenter"
        "|Piloter|Garantir|Entretenir|Rédiger|Vérifier|Animer"
    ),
    objects=_row(
        "l'inventaire mensuel|les demandes des clients de trois régions|notre gamme d'outils"
        "|la relève entre les équipes|les plans de formation|les contrats des fournisseurs"
        "|l'installation frigorifique|les tableaux de bord financiers|les dossiers des patients"
        "|les mesures sur le terrain|le stock de pièces détachées|les prévisions hebdomadaires"
        "|la mise en service des nouvelles versions|les visites de sécurité|les déplacements"
        "|la carte de saison|les schémas électriques|les appels d'offres publics|le planning de"
        " nuit"
        "|les rapports d'essai|l'archive des plans|l'ouverture d'un second entrepôt"
        "|les interfaces avec les anciens systèmes|le nettoyage des filtres et des pompes"
        "|les tournées de quarante véhicules|les réclamations|les contrôles de qualité en ligne"
        "|le catalogue du musée|la paie de deux cents personnes|les demandes de subvention"
    ),
    tails=_row(
        "avec le responsable du site|selon les règles locales|pour nos partenaires du nord"
        "|avant le début de la saison|au sein d'une petite équipe|dans toutes nos agences"
        "|dans le respect du budget|deux matinées par semaine|pour des écoles et des hôpitaux"
        "|du premier croquis au dernier contrôle|à l'aide d'outils modernes|en lien avec la"
        " production|pendant l'été|dans le cadre d'un programme plus large|sur trois sites"
        "|jusqu'à l'ouverture du nouveau bâtiment|à la fin de chaque trimestre|en français et en"
        " anglais|pour environ quatre-vingt-dix clients|et proposer des simplifications"
    ),
    knows=_row(
        "Formation ou diplôme dans un métier proche pour|Bonnes connaissances pour|Capacité à"
        "|Envie de|Permis B et disponibilité pour|Expérience confirmée pour|Calme et rigueur pour"
    ),
    roles=_row(
        "Magasinier (H/F)|Infirmier (H/F)|Analyste de données (H/F)|Conducteur de bus (H/F)"
        "|Pâtissier (H/F)|Comptable (H/F)|Chef de chantier (H/F)|Développeur (H/F)|Soudeur (H/F)"
        "|Électricien (H/F)|Technicien de laboratoire (H/F)|Jardinier (H/F)|Acheteur (H/F)"
    ),
    levels=("", "", "", "Assistant "),
    cities=_row("Lyon|Nantes|Rennes|Toulouse|Lille|Bruxelles|Genève|Bordeaux|Grenoble|Dijon"),
    headings=("Vos missions", "Votre profil", "Ce que nous offrons", "Qui sommes-nous ?"),
    facts=("Lieu de travail", "Type de contrat", "Salaire", "Publié le"),
    times=("Temps plein", "Temps partiel", "CDI, temps plein", "CDD"),
    pay="{low} 000 € à {high} 000 € par an",
    years="Au moins {n} ans d'expérience dans un poste similaire",
    apply="Merci de postuler avant le {day} à",
    joined="et",
    menu=_row(
        "Accueil|Qui sommes-nous|Nos services|Offres d'emploi|Actualités|Agences|Contact"
        "|Espace recruteur|Connexion|Mes alertes|Conseils|Événements|Presse|Étudiants|Aide"
    ),
    terms=_row(
        "Confidentialité|Mentions légales|Conditions d'utilisation|Accessibilité|Gestion des"
        " cookies"
        "|Investisseurs|Lettre d'information|Plan du site|Suivez-nous|Télécharger l'application"
    ),
    cookies=(
        "Nous utilisons des cookies pour faire fonctionner ce site et comprendre son usage.",
        "Vous pouvez modifier votre choix à tout moment dans les paramètres.",
        "Tout accepter",
        "Continuer sans accepter",
    ),
    benefits=_row(
        "Une mutuelle prise en charge à 60 %|Des tickets restaurant|Un treizième mois|Du"
        " télétravail"
        " deux jours par semaine|Un parking gratuit|Un budget de formation|Des horaires souples"
        "|Une prime annuelle|Des remises dans nos magasins|Une salle de sport"
    ),
    about=_row(
        "est une entreprise familiale devenue un groupe de deux mille personnes|fabrique des"
        " équipements utilisés dans quatre-vingt-dix pays|accueille toutes les candidatures et"
        " adapte les postes quand cela est nécessaire"
    ),
)

SPANISH: Final = Words(
    code="es",
    verbs=_row(
        "Preparar|Mantener|Revisar|Mejorar|Documentar|Organizar|Coordinar|Desarrollar|Apoyar"
        "|Supervisar|Diseñar|Negociar|Probar|Analizar|Planificar|Reparar|Presentar|Gestionar"
        "|Redactar|Controlar|Acompañar|Impulsar"
    ),
    objects=_row(
        "el inventario mensual|las consultas de clientes de tres regiones|la gama de herramientas"
        "|el relevo entre turnos|los planes de formación|los contratos con proveedores"
        "|la planta de frío|los informes para finanzas|los expedientes de pacientes"
        "|las mediciones en campo|el almacén de recambios|las previsiones semanales"
        "|la publicación de nuevas versiones|las inspecciones de seguridad|los viajes del equipo"
        "|la carta de temporada|los esquemas eléctricos|los concursos públicos|el turno de noche"
        "|los informes de ensayo|el archivo de planos|la apertura de un segundo almacén"
        "|las interfaces con sistemas antiguos|la limpieza de filtros y bombas|las reclamaciones"
        "|las rutas de cuarenta furgonetas|el catálogo del museo|las solicitudes de subvención"
    ),
    tails=_row(
        "junto con la dirección del centro|según la normativa local|para nuestros socios del norte"
        "|antes de que empiece la temporada|en un equipo pequeño|en todas las sucursales"
        "|dentro del presupuesto|dos mañanas por semana|para escuelas y hospitales"
        "|desde el primer boceto hasta la última prueba|con programas modernos|en contacto con"
        " producción|durante el verano|como parte de un proyecto mayor|en tres centros"
        "|al final de cada trimestre|para unos noventa clientes|y proponer mejoras"
    ),
    knows=_row(
        "Formación profesional o grado para|Buenos conocimientos para|Capacidad para|Ganas de"
        "|Carné de conducir y disposición para|Experiencia demostrada para|Calma y orden para"
    ),
    roles=_row(
        "Mozo de almacén|Enfermera|Analista de datos|Conductor de autobús|Pastelero|Contable"
        "|Jefe de obra|Desarrollador de software|Electricista|Técnico de laboratorio|Jardinero"
        "|Soldador|Responsable de compras|Profesor de biología"
    ),
    levels=("", "", "", "Auxiliar "),
    cities=_row("Sevilla|Bilbao|Valencia|Zaragoza|Málaga|Vigo|Bogotá|Lima|Granada|Madrid"),
    headings=("Funciones", "Requisitos", "Qué ofrecemos", "Sobre nosotros"),
    facts=("Ubicación", "Tipo de contrato", "Salario", "Publicado el"),
    times=("Jornada completa", "Media jornada", "Indefinido, jornada completa", "Temporal"),
    pay="{low}.000 € - {high}.000 € al año",
    years="Al menos {n} años de experiencia en un puesto similar",
    apply="Envíe su candidatura antes del {day} a",
    joined="y",
    menu=_row(
        "Inicio|Quiénes somos|Servicios|Ofertas de empleo|Noticias|Centros|Contacto|Empresas"
        "|Iniciar sesión|Mis alertas|Consejos|Eventos|Prensa|Estudiantes|Ayuda"
    ),
    terms=_row(
        "Privacidad|Aviso legal|Condiciones de uso|Accesibilidad|Configuración de cookies"
        "|Inversores|Boletín|Mapa del sitio|Síguenos|Descarga la aplicación|Canal ético"
    ),
    cookies=(
        "Usamos cookies para que este sitio funcione y para saber cómo se utiliza.",
        "Puede cambiar su elección en cualquier momento en la configuración.",
        "Aceptar todo",
        "Rechazar",
    ),
    benefits=_row(
        "23 días laborables de vacaciones|Seguro médico privado|Ticket restaurante|Formación a"
        " cargo de la empresa|Horario flexible|Teletrabajo dos días por semana|Aparcamiento"
        " gratuito"
        "|Descuentos en nuestras tiendas|Plan de pensiones|Bonus anual"
    ),
    about=_row(
        "nació como empresa familiar y hoy da trabajo a unas dos mil personas|fabrica equipos"
        " que se"
        " usan en noventa países|acoge todas las candidaturas y adapta los puestos cuando hace"
        " falta"
    ),
)

LANGUAGES: Final = (ENGLISH, GERMAN, ENGLISH, FRENCH, ENGLISH, SPANISH)
"""Half of the sites are English."""
