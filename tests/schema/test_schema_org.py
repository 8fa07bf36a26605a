from rolecall.schema.schema_org import to_schema_org

FULL = {
    "title": "Boat builder",
    "company": "Keel & Sons",
    "location": "Cork",
    "locations": [
        {"text": "Cork", "city": "Cork", "region": None, "country": "IE"},
        {"text": "the yard", "city": None, "region": None, "country": None},
    ],
    "workplace": "remote",
    "employment_type": ["full_time", "contract", "freelance", "apprenticeship"],
    "seniority": "senior",
    "salary_min": 30000,
    "salary_max": 40000,
    "salary_currency": "EUR",
    "salary_period": "year",
    "experience_years_min": 2.5,
    "experience_years_max": 4,
    "education": "Trade certificate",
    "skills": ["caulking", "joinery"],
    "languages_required": ["English"],
    "description": "Build boats.",
    "responsibilities": ["Plank hulls", "Mend decks"],
    "requirements": ["A steady hand"],
    "benefits": ["Sea air"],
    "application_url": "https://keel.example/apply",
    "application_email": "yard@keel.example",
    "date_posted": "2026-05-01",
    "valid_through": "2026-06-01",
    "posting_language": "en",
}


def test_a_full_posting():
    assert to_schema_org(FULL) == {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": "Boat builder",
        "description": "Build boats.",
        "datePosted": "2026-05-01",
        "validThrough": "2026-06-01",
        "inLanguage": "en",
        "hiringOrganization": {"@type": "Organization", "name": "Keel & Sons"},
        "jobLocation": [
            {
                "@type": "Place",
                "name": "Cork",
                "address": {
                    "@type": "PostalAddress",
                    "addressLocality": "Cork",
                    "addressCountry": "IE",
                },
            },
            {"@type": "Place", "name": "the yard", "address": "the yard"},
        ],
        "jobLocationType": "TELECOMMUTE",
        "employmentType": ["FULL_TIME", "CONTRACTOR", "OTHER"],
        "baseSalary": {
            "@type": "MonetaryAmount",
            "currency": "EUR",
            "value": {
                "@type": "QuantitativeValue",
                "minValue": 30000,
                "maxValue": 40000,
                "unitText": "YEAR",
            },
        },
        "experienceRequirements": {
            "@type": "OccupationalExperienceRequirements",
            "monthsOfExperience": 30,
        },
        "educationRequirements": {
            "@type": "EducationalOccupationalCredential",
            "name": "Trade certificate",
        },
        "skills": "caulking, joinery",
        "responsibilities": "Plank hulls\nMend decks",
        "qualifications": "A steady hand",
        "jobBenefits": "Sea air",
        "applicationContact": {
            "@type": "ContactPoint",
            "contactType": "application",
            "email": "yard@keel.example",
            "url": "https://keel.example/apply",
        },
    }


def test_what_is_null_is_left_out():
    posting = to_schema_org(dict.fromkeys(FULL) | {"title": "Baker"})
    assert posting == {"@context": "https://schema.org", "@type": "JobPosting", "title": "Baker"}


def test_nothing_at_all():
    assert to_schema_org({}) == {"@context": "https://schema.org", "@type": "JobPosting"}


def test_one_figure_is_a_value_and_an_open_range_has_one_bound():
    assert to_schema_org({"salary_min": 20, "salary_max": 20})["baseSalary"]["value"] == {
        "@type": "QuantitativeValue",
        "value": 20,
    }
    assert to_schema_org({"salary_max": 20})["baseSalary"]["value"] == {
        "@type": "QuantitativeValue",
        "maxValue": 20,
    }


def test_a_location_without_parts_is_still_a_place():
    assert to_schema_org({"location": "Oslo"})["jobLocation"] == {
        "@type": "Place",
        "name": "Oslo",
        "address": "Oslo",
    }
