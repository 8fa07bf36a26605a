"""Pages for the tests of the reader, and the model that reads them, loaded once."""

from __future__ import annotations

from functools import cache
from typing import Any

from rolecall.core import Candidate, Page, Source
from rolecall.page import clean
from rolecall.reader.blocks import Tagged, tag
from rolecall.reader.model import Model, load_model
from rolecall.reader.read import read_page

ENGLISH = """<html lang="en"><head><title>Night Nurse | Larkfield Care Ltd</title></head><body>
<nav><a href="/">Home</a> <a href="/all">All vacancies</a> <a href="/about">About us</a></nav>
<main><h1>Night Nurse</h1>
<p>Company: Larkfield Care Ltd</p><p>Location: Leeds, United Kingdom</p>
<p>Employment type: Full-time</p><p>Salary: £31,000 - £34,500 per year</p>
<p>Date posted: 4 March 2025</p><p>Closing date: 30 April 2025</p>
<div class="description">
<p>We run four homes for older people and look for a nurse who likes quiet hours and clear
words. You join a team of nine and always work in pairs.</p>
<h2>Your duties</h2><ul><li>Give medicines and dress wounds through the night</li>
<li>Write a short report for the day team every morning</li>
<li>Teach new carers how to lift safely</li></ul>
<h2>Requirements</h2><ul><li>Registered nurse with a valid licence</li>
<li>At least 3 years of experience in elderly care</li><li>Fluent English</li></ul>
<h2>Benefits</h2><ul><li>Thirty days of paid leave</li><li>Free meals on every shift</li></ul>
<p>Send your CV to nights@larkfield.example or use the button below.</p></div>
<p><a href="https://larkfield.example/apply/77">Apply now</a></p></main>
<footer><p>© Larkfield Care Ltd</p><a href="/privacy">Privacy policy</a></footer></body></html>"""

GERMAN = """<html lang="de"><head><title>Elektroniker (m/w/d) - Tannhof Technik GmbH</title></head>
<body><nav><a href="/">Startseite</a> <a href="/jobs">Stellenangebote</a></nav>
<main><h1>Elektroniker (m/w/d)</h1>
<p>Arbeitgeber: Tannhof Technik GmbH</p><p>Arbeitsort: Kassel</p><p>Vollzeit, unbefristet</p>
<div><p>Die Tannhof Technik GmbH plant und baut Schaltanlagen für Mühlen und Molkereien. Für
unsere Werkstatt suchen wir eine Person, die gern sorgfältig arbeitet.</p>
<h2>Ihre Aufgaben</h2><ul><li>Sie verdrahten Schaltschränke nach Plan</li>
<li>Sie prüfen Anlagen und schreiben Protokolle</li></ul>
<h2>Ihr Profil</h2><ul><li>Abgeschlossene Ausbildung als Elektroniker</li>
<li>Mindestens zwei Jahre Berufserfahrung</li><li>Gute Deutschkenntnisse</li></ul>
<h2>Wir bieten</h2><ul><li>30 Tage Urlaub und eine Vier-Tage-Woche</li>
<li>Betriebliche Altersvorsorge</li></ul>
<p>Bewerbungen bitte an <a href="mailto:werkstatt@tannhof.example">unsere Werkstatt</a>.</p></div>
</main><footer><a href="/impressum">Impressum</a></footer></body></html>"""

FRENCH = """<html lang="fr"><head><title>Comptable (H/F) - Moulins Verdier</title></head>
<body><nav><a href="/">Accueil</a> <a href="/offres">Nos offres</a></nav>
<main><h1>Comptable (H/F)</h1>
<p>Entreprise : Moulins Verdier SAS</p><p>Lieu : Lyon, France</p><p>Type de contrat : CDI</p>
<div><p>Moulins Verdier fabrique des farines depuis trois générations. Nous cherchons une personne
pour tenir les comptes de nos deux moulins avec une équipe de quatre collègues.</p>
<h2>Vos missions</h2><ul><li>Tenir la comptabilité générale et auxiliaire</li>
<li>Préparer les déclarations fiscales de chaque mois</li></ul>
<h2>Votre profil</h2><ul><li>Vous êtes titulaire d'un BTS comptabilité</li>
<li>Vous avez deux ans d'expérience à un poste similaire</li></ul>
<h2>Nous offrons</h2><ul><li>Tickets restaurant et mutuelle</li>
<li>Deux jours de télétravail par semaine</li></ul></div>
<p><a href="/offres/12/postuler">Postuler</a></p></main></body></html>"""

SPANISH = """<html lang="es"><head><title>Camarero de sala - Grupo Alcornoque</title></head>
<body><main><h1>Camarero de sala</h1>
<p>Empresa: Grupo Alcornoque S.L.</p><p>Ubicación: Sevilla, España</p>
<p>Tipo de contrato: Jornada completa</p>
<div><p>Somos un grupo familiar con tres restaurantes en el centro y buscamos a una persona
alegre para el servicio de sala en nuestro local más nuevo.</p>
<h2>Funciones</h2><ul><li>Atender las mesas y cobrar las cuentas</li>
<li>Preparar la sala antes de cada servicio</li></ul>
<h2>Requisitos</h2><ul><li>Un año de experiencia en hostelería</li>
<li>Nivel medio de inglés</li></ul>
<h2>Ofrecemos</h2><ul><li>Dos días libres seguidos cada semana</li>
<li>Contrato indefinido desde el primer día</li></ul></div></main></body></html>"""

ALL = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH}


@cache
def model() -> Model:
    return load_model()


def page_of(html: str, url: str | None = None) -> Page:
    return clean(Source(body=html.encode(), url=url))


def tagged(html: str, url: str | None = None) -> Tagged:
    return tag(page_of(html, url), model().tagger)


def candidates(html: str, url: str | None = None) -> dict[str, Candidate]:
    _, found = read_page(page_of(html, url), model())
    return {one.unit: one for one in found}


def values(html: str, url: str | None = None) -> dict[str, Any]:
    return {unit: one.value for unit, one in candidates(html, url).items()}
